"""The addresses that the carrier calls."""

from django.urls import path

from channels.providers.twilio.views import VoiceStatusView, VoiceView

urlpatterns = [
    path("voice/", VoiceView.as_view(), name="twilio-voice"),
    path("voice/status/", VoiceStatusView.as_view(), name="twilio-voice-status"),
]
