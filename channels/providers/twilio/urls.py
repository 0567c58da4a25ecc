"""The addresses that the carrier calls, also as somebody types them who forgets the last slash."""

from django.urls import path

from channels.providers.twilio.messaging.views import MessageStatusView, MessageView
from channels.providers.twilio.views import VoiceStatusView, VoiceView

urlpatterns = [
    path("voice/", VoiceView.as_view(), name="twilio-voice"),
    path("voice", VoiceView.as_view()),
    path("voice/status/", VoiceStatusView.as_view(), name="twilio-voice-status"),
    path("voice/status", VoiceStatusView.as_view()),
    path("message/", MessageView.as_view(), name="twilio-message"),
    path("message", MessageView.as_view()),
    path("message/status/", MessageStatusView.as_view(), name="twilio-message-status"),
    path("message/status", MessageStatusView.as_view()),
]
