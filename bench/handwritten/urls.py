"""The two addresses."""

from django.urls import path

from bench.handwritten.views import MessageView, VoiceView

urlpatterns = [path("voice/", VoiceView.as_view()), path("message/", MessageView.as_view())]
