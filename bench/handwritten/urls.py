"""The one address."""

from django.urls import path

from bench.handwritten.views import VoiceView

urlpatterns = [path("voice/", VoiceView.as_view())]
