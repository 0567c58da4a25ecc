"""What whoever may answer does with a conversation: answer, take, hand on, end, and say who it is."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext, ngettext
from django.views.decorators.http import require_POST
from unfold.admin import ModelAdmin

from channels.messaging import services, templates
from channels.messaging.models import Conversation, Template
from channels.messaging.services import (
    CannotReply,
    ConversationIsBusy,
    NobodyWaits,
    TakenBySomebody,
    WrittenMeanwhile,
)
from customers.models import Customer
from customers.selectors import search_customers
from customers.services import IdentityTaken
from queues.models import Queue

_REPLY_CHARS = 4_000
_FOUND = 8


class ReadOnly(ModelAdmin):
    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        return False


class Answering(ReadOnly):
    """The addresses below a conversation's page that change something; each leads back to it."""

    def acts(self) -> list[URLPattern]:
        """To be put before the admin's own addresses."""
        return [
            path(
                f"<int:conversation_id>/{name}/",
                self.admin_site.admin_view(require_POST(view)),
                name=f"channels_conversation_{name}",
            )
            for name, view in (
                ("reply", self.reply),
                ("template", self.reply_by_template),
                ("take", self.take),
                ("give", self.give_back),
                ("put", self.put_elsewhere),
                ("close", self.close),
                ("recognise", self.recognise),
            )
        ]

    def reply(self, request: HttpRequest, conversation_id: int) -> HttpResponse:
        conversation = self._answerable(request, conversation_id)
        text = str(request.POST.get("text", "")).strip().replace("\x00", "")
        if not text:
            messages.error(request, gettext("Write something first."))
            return self._back(conversation)
        # As the browser counts: a line break is one.
        text = text.replace("\r\n", "\n")
        if len(text) > _REPLY_CHARS:
            said = gettext(
                "The answer has %(count)s characters; %(most)s are the most. Nothing was sent: shorten it, and send again."
            )
            messages.error(request, said % {"count": len(text), "most": _REPLY_CHARS})
            return self._again(request, conversation, {"draft": text})
        seen = str(request.POST.get("seen", ""))
        try:
            count = services.reply(
                conversation_id=conversation.pk,
                text=text,
                by_id=request.user.pk,
                now=timezone.now(),
                seen_id=int(seen) if seen.isdecimal() and len(seen) < 18 else None,
                despite=bool(request.POST.get("despite")),
            )
        except TakenBySomebody as other:
            said = gettext("%(who)s answers it, and nothing was sent yet. Send again to answer nevertheless.")
            messages.warning(request, said % {"who": other.who})
            return self._again(request, conversation, {"draft": text, "despite": True})
        except WrittenMeanwhile:
            said = gettext(
                "Somebody wrote in the meantime, and nothing was sent yet. Look at it; Send sends your answer."
            )
            messages.warning(request, said)
            return self._again(request, conversation, {"draft": text, "despite": True})
        except CannotReply as problem:
            messages.error(request, why_not(problem, conversation))
        else:
            messages.success(
                request,
                ngettext("The answer is on its way.", "The answer is on its way, in %(count)s messages.", count)
                % {"count": count},
            )
        return self._back(conversation)

    def reply_by_template(self, request: HttpRequest, conversation_id: int) -> HttpResponse:
        conversation = self._answerable(request, conversation_id)
        chosen = str(request.POST.get("template", ""))
        values = {
            name.removeprefix("value-"): str(value) for name, value in request.POST.items() if name.startswith("value-")
        }
        try:
            templates.reply_by_template(
                conversation_id=conversation.pk,
                template_id=int(chosen) if chosen.isdecimal() and len(chosen) < 18 else 0,
                values={name: value.replace("\x00", "") for name, value in values.items()},
                by_id=request.user.pk,
                now=timezone.now(),
            )
        except CannotReply as problem:
            messages.error(request, why_not(problem, conversation))
        except templates.CannotFill as missing:
            messages.error(request, str(missing))
            return HttpResponseRedirect(f"{self._address(conversation)}?template={chosen}#answer-title")
        except Template.DoesNotExist:
            messages.error(request, gettext("This template cannot be sent any more. Choose another one."))
        else:
            messages.success(request, gettext("The template is on its way."))
        return self._back(conversation)

    def close(self, request: HttpRequest, conversation_id: int) -> HttpResponse:
        conversation = self._answerable(request, conversation_id)
        try:
            services.close(conversation_id=conversation.pk, clock=timezone.now)
        except ConversationIsBusy:
            messages.error(request, gettext("A new message is just being handled. Look at it, and try again."))
        else:
            messages.success(request, gettext("Done. The next message begins a new contact."))
        return self._back(conversation)

    def recognise(self, request: HttpRequest, conversation_id: int) -> HttpResponse:
        conversation = self._answerable(request, conversation_id)
        if not request.user.has_perm("customers.change_customer"):
            raise PermissionDenied
        wanted = str(request.POST.get("customer", "")).strip().replace("\x00", "")[:100]
        customer = Customer.objects.filter(external_id=wanted).first() if wanted else None
        if customer is None:
            # Nobody is guessed, not even where one alone is called so.
            if wanted and (found := search_customers(wanted, most=_FOUND)):
                return self._again(request, conversation, {"wanted": wanted, "found": found})
            said = gettext("No customer is called “%(wanted)s”, and none has such a number or address.")
            messages.error(request, said % {"wanted": wanted} if wanted else gettext("Say who it is."))
            return self._back(conversation)
        try:
            services.recognise(conversation_id=conversation.pk, customer_id=customer.pk)
        except IdentityTaken as taken:
            messages.error(
                request,
                gettext("This sender is known as %(customer)s already. Merge the two in the list of customers.")
                % {"customer": taken.customer},
            )
        else:
            messages.success(request, gettext("From now on this is %(customer)s.") % {"customer": customer})
        return self._back(conversation)

    def take(self, request: HttpRequest, conversation_id: int) -> HttpResponse:
        conversation = self._answerable(request, conversation_id)
        try:
            services.take(
                conversation_id=conversation.pk, by_id=self._me(request), despite=bool(request.POST.get("despite"))
            )
        except NobodyWaits:
            messages.error(request, gettext("Nobody waits here any more: this contact is over."))
        except TakenBySomebody as other:
            messages.warning(request, gettext("%(who)s has taken it meanwhile.") % {"who": other.who})
        else:
            messages.success(request, gettext("You have taken it. The others see that."))
        return self._back(conversation)

    def give_back(self, request: HttpRequest, conversation_id: int) -> HttpResponse:
        conversation = self._answerable(request, conversation_id)
        services.give_back(conversation_id=conversation.pk, by_id=self._me(request))
        messages.success(request, gettext("Anybody may answer it again."))
        return self._back(conversation)

    def put_elsewhere(self, request: HttpRequest, conversation_id: int) -> HttpResponse:
        conversation = self._answerable(request, conversation_id)
        chosen = str(request.POST.get("queue", ""))
        queue = Queue.objects.filter(key=chosen.replace("\x00", "")).first()
        if queue is None:
            messages.error(request, gettext("Choose the queue that it shall wait in."))
            return self._back(conversation)
        try:
            services.put_elsewhere(
                conversation_id=conversation.pk, queue=queue, by=str(request.user), clock=timezone.now
            )
        except NobodyWaits:
            messages.error(request, gettext("Nobody waits here any more: this contact is over, or with its flow."))
        except ConversationIsBusy:
            messages.error(request, gettext("A new message is just being handled. Look at it, and try again."))
        else:
            messages.success(request, gettext("It waits in %(queue)s now.") % {"queue": queue.name})
        return self._back(conversation)

    def _answerable(self, request: HttpRequest, conversation_id: int) -> Conversation:
        conversation = self._conversation(request, conversation_id)
        if not request.user.has_perm("channels.answer_conversation"):
            raise PermissionDenied
        return conversation

    def _back(self, conversation: Conversation) -> HttpResponseRedirect:
        return HttpResponseRedirect(self._address(conversation))

    def _address(self, conversation: Conversation) -> str:
        return reverse("admin:channels_conversation_change", args=[conversation.pk])

    def _again(self, request: HttpRequest, conversation: Conversation, more: dict[str, Any]) -> HttpResponse:
        """The page itself, with what was written still in it."""
        page: HttpResponse = self.change_view(request, str(conversation.pk), extra_context=more)
        return page

    def _me(self, request: HttpRequest) -> int:
        return int(request.user.pk or 0)

    def _conversation(self, request: HttpRequest, conversation_id: int) -> Conversation:
        related = ("number__account", "customer__tier", "contact__queue", "taken_by")
        found: Conversation | None = (
            self.get_queryset(request).select_related(*related).filter(pk=conversation_id).first()
        )
        if found is None:
            raise Http404
        return found


def why_not(problem: CannotReply, conversation: Conversation) -> str:
    """Why nothing may be sent, for people."""
    if problem.why == "stopped":
        return gettext("They said STOP: nothing is sent to them until they write START.")
    if not templates.take_templates(conversation):
        said = gettext(
            "They wrote more than %(hours)s hours ago, and the channel takes answers only until then: "
            "wait until they write again."
        )
    else:
        said = gettext(
            "They wrote more than %(hours)s hours ago, and the channel takes free text only until then: "
            "send an approved template, or wait until they write again."
        )
    return said % {"hours": problem.hours}
