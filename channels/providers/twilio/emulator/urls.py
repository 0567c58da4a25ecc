"""The carrier's own interface, as far as it is played."""

from django.urls import path

from channels.providers.twilio.emulator.messaging import messages

urlpatterns = [path("2010-04-01/Accounts/<str:account_id>/Messages.json", messages)]
