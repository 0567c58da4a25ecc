"""The numbers on which contacts arrive: what they start, and how they stand at the carrier."""

import re
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, reverse
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.decorators import action, display

from channels.admin.buying import buying_urls
from channels.admin.secrets import KeepsSecrets, secret_field
from channels.admin.test_call import test_call_urls
from channels.messaging.sending import documented_rate
from channels.models import Number
from channels.numbers.shops import sells_numbers

_BETWEEN_DIGITS = re.compile(r"[\s()./\u2010-\u2015-]+")


class NumberForm(KeepsSecrets):
    """Takes a number as people write it: +49 30 / 901-820 or 0049 (30) 901820."""

    secrets = ("access_token",)

    access_token = secret_field(
        _("Access token"), _("Only where a page has one of its own. Empty: that of the account.")
    )

    class Meta:
        model = Number
        exclude: tuple[str, ...] = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields.get("messages_per_s")
        if field is not None and self.instance.pk and (rate := documented_rate(self.instance)):
            field.help_text = _(
                "The most that leave from this number in a second; the rest waits, and nothing fails by it. Empty: what "
                "the provider says, which is %(rate)s here. Change it if the provider grants you another."
            ) % {"rate": f"{rate:g}"}

    def clean_address(self) -> str:
        return as_address(self.cleaned_data["address"])


def as_address(text: str) -> str:
    """The number without what only makes it readable. Names that are no numbers stay as they are."""
    channel, colon, rest = text.strip().rpartition(":")
    digits = _BETWEEN_DIGITS.sub("", rest)
    if digits.startswith("00"):
        digits = f"+{digits[2:]}"
    is_number = digits.startswith("+") and digits[1:].isdecimal()
    return f"{channel.lower()}{colon}{digits if is_number else rest}"


@admin.register(Number)
class NumberAdmin(ModelAdmin):
    form = NumberForm
    list_display = ["address", "name", "flow", "goes_to", "fallback_queue", "account", "is_active"]
    actions_list = ["go_buy", "go_take_over"]
    change_form_outer_after_template = "admin/channels/number/at_the_carrier.html"
    list_select_related = ["flow__live", "fallback_queue", "account"]
    list_filter = ["is_active", "account", "flow"]
    compressed_fields = False
    search_fields = ["address", "name"]
    empty_text = _(
        "No numbers yet. Buy one, or add one that you have at one of your accounts, choose its flow, and its incoming calls start that flow."
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Number]:
        numbers: QuerySet[Number] = super().get_queryset(request)
        # Definitions are long, and a list has no use for them.
        return numbers.defer("flow__draft", "flow__live__definition", "account__secret")

    def get_fieldsets(self, request: HttpRequest, obj: Number | None = None) -> Any:
        # A reader's page shows the values of fields, so the token must not be among them.
        may_edit = self.has_change_permission(request, obj) if obj else self.has_add_permission(request)
        token = ["access_token"] if may_edit else []
        return [
            (None, {"fields": [("address", "name"), "account", *token, "messages_per_s", "is_active"]}),
            (
                _("Where contacts go"),
                {
                    "fields": [("flow", "fallback_queue")],
                    "description": _(
                        "The flow decides. If it cannot, whatever the reason, the fallback queue takes the contact: "
                        "nobody is lost."
                    ),
                },
            ),
        ]

    def get_urls(self) -> list[URLPattern]:
        return [*test_call_urls(self.admin_site), *buying_urls(self.admin_site), *super().get_urls()]

    def has_buy_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("channels.buy_number"))

    @action(description=_("Buy a number"), url_path="go-buy", permissions=["buy"], icon="add_shopping_cart")
    def go_buy(self, request: HttpRequest) -> HttpResponse:
        del request
        return redirect("admin:channels_number_buy")

    @action(description=_("Take numbers over"), url_path="go-take-over", permissions=["buy"], icon="move_to_inbox")
    def go_take_over(self, request: HttpRequest) -> HttpResponse:
        del request
        return redirect("admin:channels_number_take_over")

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        tools = []
        found = Number.objects.select_related("account").filter(pk=object_id) if object_id.isdecimal() else None
        number = found.first() if found is not None else None
        if number and number.address.startswith("+") and request.user.has_perm("routing.test_call"):
            query = urlencode({"number": number.address})
            link = f"{reverse('admin:channels_number_test_call')}?{query}"
            tools.append({"title": _("Test call"), "link": link, "icon": "phone_in_talk"})
        context = {"object_tools": tools, **(extra_context or {})}
        if number and number.address.startswith("+") and sells_numbers(number.account):
            latest = number.orders.order_by("-created_at", "-id").first()
            context |= {"carrier_number": number, "latest_order": latest, "may_buy": self.has_buy_permission(request)}
        return super().change_view(request, object_id, form_url, context)  # type: ignore[no-any-return]

    @display(
        description=_("starts"), label={"live": "success", "none": "danger", "fallback": "warning", "off": "default"}
    )
    def goes_to(self, number: Number) -> tuple[str, str]:
        if not number.is_active:
            return "off", str(_("switched off"))
        if number.flow is None:
            return "fallback", str(_("fallback queue only"))
        if number.flow.live is None:
            return "none", str(_("flow not published"))
        return "live", str(_("version %(number)s") % {"number": number.flow.live.number})
