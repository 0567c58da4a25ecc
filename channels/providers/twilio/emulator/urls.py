"""The carrier's own interface, as far as it is played."""

from django.urls import path

from channels.providers.twilio.emulator import content, numbers, telnyx
from channels.providers.twilio.emulator.messaging import media, messages

_ACCOUNT = "2010-04-01/Accounts/<str:account_id>"

urlpatterns = [
    path(f"{_ACCOUNT}/Messages.json", messages),
    path(f"{_ACCOUNT}/Messages/<str:message_id>/Media/<str:media_id>", media),
    path(f"{_ACCOUNT}.json", numbers.account),
    path(f"{_ACCOUNT}/AvailablePhoneNumbers/<str:country>/<str:kind>.json", numbers.available),
    path(f"{_ACCOUNT}/IncomingPhoneNumbers.json", numbers.incoming),
    path(f"{_ACCOUNT}/IncomingPhoneNumbers/<str:external_id>.json", numbers.one),
    path("content/v1/Content", content.create),
    path("content/v1/ContentAndApprovals", content.contents),
    path("pricing/v1/PhoneNumbers/Countries/<str:country>", numbers.prices),
    path("v2/available_phone_numbers", telnyx.available),
    path("v2/number_orders", telnyx.orders),
    path("v2/phone_numbers", telnyx.numbers),
    path("v2/phone_numbers/<str:external_id>", telnyx.one),
    path("v2/texml_applications", telnyx.applications),
    path("v2/texml_applications/<str:external_id>", telnyx.application),
]
