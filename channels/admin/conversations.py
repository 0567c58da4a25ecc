"""Conversations: what was written on both sides, and an answer from whoever may."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Any

from django.conf import settings
from django.contrib import admin
from django.contrib.admin.views.main import ORDER_VAR
from django.core.exceptions import PermissionDenied
from django.db.models import Case, Count, Exists, F, Max, OuterRef, Q, QuerySet, Subquery, When
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timesince import timesince
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe
from unfold.decorators import display
from unfold.views import ChangeList

from channels.admin import attachments
from channels.admin.answering import Answering, ReadOnly, why_not
from channels.admin.template_form import template_form
from channels.messaging import services
from channels.messaging.models import Conversation, Message, OptOut, address_shown
from channels.messaging.shown import Line, kind_shown, lines_of
from customers.identities import spellings
from customers.privacy.sight import may_see
from queues.models import Queue
from routing.models import Contact

_SHOWN = 200
_LINE_CHARS = 90
# Of those who wait, so many are shown before all others.
_WAITING = 500


class _Unanswered(admin.SimpleListFilter):
    title = _("answer")
    parameter_name = "answer"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:  # noqa: ARG002
        return [("waits", _("Nobody answered yet, longest first")), ("given", _("Answered"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:  # noqa: ARG002
        handed_over = queryset.filter(contact__state=Contact.State.HANDED_OVER)
        match self.value():
            case "waits":
                return handed_over.filter(answered=False)
            case "given":
                return handed_over.filter(answered=True)
        return queryset


class _Taken(admin.SimpleListFilter):
    title = _("taken")
    parameter_name = "taken"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:  # noqa: ARG002
        return [("me", _("By me")), ("nobody", _("By nobody"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        match self.value():
            case "me":
                return queryset.filter(contact__state=Contact.State.HANDED_OVER, taken_by=request.user.pk)
            case "nobody":
                return queryset.filter(contact__state=Contact.State.HANDED_OVER, taken_by=None)
        return queryset


class _WaitingFirst(ChangeList):
    """Whoever waits longest comes first, those who do not wait come last, the newest before the older."""

    def get_ordering(self, request: HttpRequest, queryset: QuerySet[Any]) -> list[Any]:
        ordering: list[Any] = super().get_ordering(request, queryset)
        chosen = request.GET.get(_Unanswered.parameter_name)
        if ORDER_VAR in request.GET or chosen == "given":
            return ordering
        if chosen == "waits":
            return ["last_inbound_at", "id"]
        # Looked up beforehand: few wait, and conversations may be a million.
        answered = Message.objects.filter(
            conversation=OuterRef("pk"), by__isnull=False, occurred_at__gte=OuterRef("last_inbound_at")
        )
        waiting = Conversation.objects.filter(~Exists(answered), contact__state=Contact.State.HANDED_OVER)
        ids = list(waiting.order_by("last_inbound_at").values_list("pk", flat=True)[:_WAITING])
        if not ids:
            return ordering
        since = Case(When(pk__in=ids, then=F("last_inbound_at")))
        return [since.asc(nulls_last=True), *ordering]


def peers(text: str) -> list[str]:
    """How somebody of this number is called on each channel."""
    found = spellings(text.strip(), settings.DEFAULT_COUNTRY)
    return [*found, *(f"{channel}:{one}" for channel in ("whatsapp", "messenger", "instagram") for one in found)]


@admin.register(Conversation)
class ConversationAdmin(Answering):
    list_display = ["who", "where", "known_as", "last_line", "standing"]
    list_select_related = ["number", "customer__tier", "contact__queue", "taken_by"]
    list_filter = [_Unanswered, _Taken, "channel", "contact__state", "contact__queue", "customer__tier", "number"]
    search_fields = ["peer", "name", "customer__name", "customer__external_id"]
    search_help_text = _("Number or name of the sender, or the customer's name or number")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Conversation], search_term: str
    ) -> tuple[QuerySet[Conversation], bool]:
        found, may_repeat = super().get_search_results(request, queryset, search_term)
        if may_see(request.user) or not search_term.strip():
            return found, may_repeat
        # Whoever may not see numbers has to know a whole one.
        return found | queryset.filter(peer__in=peers(search_term)), may_repeat

    def get_search_fields(self, request: HttpRequest) -> list[str]:
        return [one for one in self.search_fields if one != "peer" or may_see(request.user)]

    list_per_page = 50
    show_full_result_count = False
    list_fullwidth = True
    list_display_links = ["who"]
    empty_text = _("No conversations yet. Each begins with the first message on one of your numbers and appears here.")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        return False

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:  # noqa: ARG002
        return _WaitingFirst

    def get_queryset(self, request: HttpRequest) -> QuerySet[Conversation]:
        rows: QuerySet[Conversation] = super().get_queryset(request)
        thread = Message.objects.filter(conversation=OuterRef("pk")).order_by("-occurred_at", "-id")
        theirs = thread.filter(direction=Message.Direction.IN)
        rows = rows.annotate(
            last_text=Subquery(theirs.values("text")[:1]),
            last_kind=Subquery(theirs.values("kind")[:1]),
            answered=Exists(thread.filter(by__isnull=False, occurred_at__gte=OuterRef("last_inbound_at"))),
        )
        return rows.defer("contact__run", "customer__attributes")

    def get_urls(self) -> list[URLPattern]:
        media = path(
            "<int:conversation_id>/media/<int:message_id>/<int:place>/",
            self.admin_site.admin_view(require_safe(self.media)),
            name="channels_conversation_media",
        )
        news = path(
            "<int:conversation_id>/news/",
            self.admin_site.admin_view(require_safe(self.news)),
            name="channels_conversation_news",
        )
        return [media, news, *self.acts(), *super().get_urls()]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> TemplateResponse:
        """The thread; the form below it is for an answer."""
        del form_url
        if not object_id.isdecimal():
            raise Http404
        conversation = self._conversation(request, int(object_id))
        if not self.has_view_permission(request, conversation):
            raise PermissionDenied
        thread = list(conversation.messages.select_related("by").order_by("-occurred_at", "-id")[:_SHOWN])
        may_answer = request.user.has_perm("channels.answer_conversation")
        contact = conversation.contact
        now = timezone.now()
        problem = services.why_no_reply(conversation, now=now)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": str(conversation),
            "original": conversation,
            "conversation": conversation,
            "thread": [(message, self._lines(conversation, message)) for message in reversed(thread)],
            "may_answer": may_answer,
            "seen_id": max((message.pk for message in thread), default=0),
            "news": _stamp(conversation),
            "waits": contact is not None and contact.state == Contact.State.HANDED_OVER,
            "is_mine": conversation.taken_by_id is not None and conversation.taken_by_id == request.user.pk,
            "is_taken": services.is_taken_from(conversation, request.user.pk),
            "queues": Queue.objects.exclude(pk=contact.queue_id or 0 if contact else 0).order_by("name"),
            "problem": why_not(problem, conversation) if problem else "",
            "is_open": contact is not None and contact.state != Contact.State.ENDED,
            "has_view_permission": True,
            "now": now,
            "own_address": address_shown(conversation.number.address),
            "window_until": services.window_until(conversation) if problem is None else None,
            **(template_form(request, conversation) if may_answer and problem and problem.why == "window" else {}),
            **(extra_context or {}),
        }
        request.current_app = self.admin_site.name
        return TemplateResponse(request, "admin/channels/conversation/thread.html", context)

    def news(self, request: HttpRequest, conversation_id: int) -> HttpResponse:
        """What changes when somebody writes, takes it, or a message arrives: the page asks, and reads itself again."""
        conversation = self._conversation(request, conversation_id)
        if not self.has_view_permission(request, conversation):
            raise PermissionDenied
        return JsonResponse({"news": _stamp(conversation)})

    def _lines(self, conversation: Conversation, message: Message) -> list[Line]:
        """What lies with the provider is seen by our own address."""
        found = lines_of(message)
        for index, line in enumerate(found):
            if line.place is not None and attachments.source_of(conversation, message, line.place):
                url = reverse("admin:channels_conversation_media", args=[conversation.pk, message.pk, line.place])
                found[index] = replace(line, url=url)
            else:
                found[index] = replace(line, is_picture=False)
        return found

    def media(self, request: HttpRequest, conversation_id: int, message_id: int, place: int) -> HttpResponse:
        """An attachment, to whoever may read the conversation."""
        conversation = self._conversation(request, conversation_id)
        if not self.has_view_permission(request, conversation):
            raise PermissionDenied
        return attachments.answer(conversation, message_id, place)

    @display(description=_("from"), ordering="peer")
    def who(self, conversation: Conversation) -> SafeString:
        known = conversation.customer.name if conversation.customer else ""
        name = known or conversation.name
        if not name:
            return format_html("{}", conversation.address)
        return _two_lines(name, conversation.address)

    @display(description=_("to"), ordering="number__address")
    def where(self, conversation: Conversation) -> SafeString:
        label = Contact.Channel(conversation.channel).label if conversation.channel in Contact.Channel.values else ""
        number = conversation.number
        return _two_lines(number.name or address_shown(number.address), label)

    @display(description=_("customer"), ordering="customer__tier__rank")
    def known_as(self, conversation: Conversation) -> SafeString | str:
        customer = conversation.customer
        if customer is None:
            return "–"
        return _two_lines(customer, customer.tier or "")

    @display(description=_("they wrote"), ordering="last_inbound_at")
    def last_line(self, conversation: Any) -> SafeString:
        text = str(conversation.last_text or "") or str(kind_shown(conversation.last_kind or ""))
        at = conversation.last_inbound_at or conversation.last_message_at
        when = date_format(timezone.localtime(at), str(_("j M, H:i"))) if at else ""
        short = text if len(text) <= _LINE_CHARS else f"{text[: _LINE_CHARS - 1]}…"
        return _two_lines(short, when)

    @display(
        description=_("state"),
        label={"handed_over": "warning", "answered": "success", "in_flow": "info", "ended": "default", "": "default"},
    )
    def standing(self, conversation: Conversation) -> tuple[str, str]:
        contact = conversation.contact
        if contact is None:
            return "", "–"
        if contact.state == Contact.State.HANDED_OVER and contact.queue:
            who = conversation.taken_by
            if getattr(conversation, "answered", False):
                words = gettext("answered, %(queue)s") if who is None else gettext("%(who)s answered, %(queue)s")
                return "answered", words % {"who": who, "queue": contact.queue.name}
            since = conversation.last_inbound_at
            words = gettext("waits in %(queue)s, %(time)s")
            if who is not None:
                words = gettext("waits in %(queue)s for %(who)s, %(time)s")
            time = timesince(since, depth=1) if since else ""
            return contact.state, words % {"queue": contact.queue.name, "who": who, "time": time}
        return contact.state, contact.get_state_display()


@admin.register(OptOut)
class OptOutAdmin(ReadOnly):
    list_display = ["value", "where", "word", "since_when", "came_back"]
    list_filter = ["channel", ("ended_at", admin.EmptyFieldListFilter)]
    search_fields = ["value"]

    def get_search_fields(self, request: HttpRequest) -> list[str]:
        return self.search_fields if may_see(request.user) else ["=value"]

    empty_text = _("Nobody said STOP yet. Whoever does is sent nothing any more, until they write START.")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        """Only they themselves take it back, by writing START."""
        return False

    @display(description=_("where"), ordering="channel")
    def where(self, opt_out: OptOut) -> str:
        return str(dict(Contact.Channel.choices).get(opt_out.channel, opt_out.channel or opt_out.kind))

    @display(description=_("since"), ordering="since")
    def since_when(self, opt_out: OptOut) -> str:
        return str(date_format(timezone.localtime(opt_out.since), "DATETIME_FORMAT"))

    @display(description=_("came back"), ordering="ended_at")
    def came_back(self, opt_out: OptOut) -> str:
        if opt_out.ended_at is None:
            return gettext("no: nothing is sent")
        when = date_format(timezone.localtime(opt_out.ended_at), "DATETIME_FORMAT")
        return gettext("%(when)s, by “%(word)s”") % {"when": when, "word": opt_out.ended_word}


def _stamp(conversation: Conversation) -> str:
    """Another one whenever the page would say something else."""
    latest = conversation.messages.aggregate(
        last=Max("pk"),
        settled=Count("pk", filter=Q(state__in=[Message.State.DELIVERED, Message.State.READ])),
        waiting=Count("pk", filter=Q(state__in=[Message.State.QUEUED, Message.State.SENDING])),
        deleted=Count("deleted_at"),
    )
    contact = conversation.contact
    parts = (*latest.values(), conversation.taken_by_id, contact and (contact.pk, contact.state, contact.queue_id))
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]


def _two_lines(first: object, second: object) -> SafeString:
    # One element: on telephones a cell is a row of its children.
    return format_html('<span class="p-cell">{}<br><span class="p-muted">{}</span></span>', first, second)
