"""The addresses that providers call."""

from django.urls import path

from channels.providers.twilio.views import VoiceStatusView, VoiceView

urlpatterns = [
    path("twilio/voice/", VoiceView.as_view(), name="twilio-voice"),
    path("twilio/voice/status/", VoiceStatusView.as_view(), name="twilio-voice-status"),
]
