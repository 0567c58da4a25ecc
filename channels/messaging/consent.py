"""Who wants no messages: the words that say so, and the list of those who said them."""

from __future__ import annotations

import unicodedata
from datetime import datetime
from typing import Literal

from django.db.models import Q, QuerySet

from channels.messaging.models import Message, OptOut
from routing.runner.services import identity_of

Wish = Literal["", "stop", "start", "help"]

# A message that is nothing but one of these. Beyond the words that carriers themselves act upon, the plain word of
# each language; never one that may well be an answer to a question.
_STOP = frozenset(
    """
    stop|stopall|stop all|unsubscribe|unsubscribe me|optout|opt out|opt me out|revoke|no more messages
    stop texting|stop texting me|stop messaging me|stop sending me messages|stop messages|do not text me
    stop sending|stop sending messages|stop writing|stop writing to me|remove me|take me off your list|leave me alone
    stopp|abmelden|abbestellen|keine nachrichten mehr|keine nachrichten
    arret|arrêt|arreter|arrêter|arretez|arrêtez|stop sms|désabonner|desabonner|me désabonner|desinscription|désinscription
    baja|darme de baja|alto|cancelar suscripción|cancelar suscripcion
    disiscrivimi|fermati|annulla iscrizione|basta
    parar|sair|descadastrar|cancelar inscrição
    afmelden|uitschrijven|stoppen
    afmeld|avmeld|avsluta|sluta|stoppa|avregistrera
    wypisz|rezygnuję|rezygnuje
    zrušit odběr|odhlásit|leiratkozás|dezabonare
    стоп|отписаться|відписатися|dur|listeden çık|διακοπή
    توقف|الغاء الاشتراك|停止|退订|退訂|配信停止|수신거부
""".replace("\n", "|").split("|")
)
_POLITE = (
    "please",
    "pls",
    "bitte",
    "s'il vous plaît",
    "svp",
    "por favor",
    "per favore",
    "alstublieft",
    "aub",
    "proszę",
)
# What the carriers of SMS stop at by themselves, whatever we do; elsewhere these may be answers.
_STOP_SMS = frozenset({"cancel", "cancelar", "end", "quit"})
_START = frozenset(
    """
    start|unstop|subscribe|optin|opt in|yes please start|anmelden|wieder anmelden|abonnieren|reprendre|réabonner|alta
    iscrivimi|inscrever|aanmelden|tilmeld|zapisz|старт|başla|开始|再開|시작
""".replace("\n", "|").split("|")
)


def wish_of(channel: str, text: str, said: str = "") -> Wish:
    """`said` is what the provider itself understood (STOP, START), where it listens too."""
    match said.upper():
        case "STOP":
            return "stop"
        case "START":
            return "start"
        case "HELP":
            # The provider listens to this word, too, and has answered it.
            return "help"
    word = _plain(_bare(text))
    if not word or len(word) > 40:
        return ""
    if word in _WORDS_STOP or (channel == "sms" and word in _STOP_SMS):
        return "stop"
    return "start" if word in _WORDS_START else ""


def _bare(text: str) -> str:
    """The words alone: full-width letters are letters, and what stands around them (signs, emoji) says nothing else."""
    if len(text) > 200:
        return ""
    plain = unicodedata.normalize("NFKC", text)
    first, last = 0, len(plain)
    while first < last and not _is_said(plain[first]):
        first += 1
    while last > first and not _is_said(plain[last - 1]):
        last -= 1
    return _folded(" ".join(plain[first:last].split()))


def _plain(words: str) -> str:
    """Without the please before or behind it."""
    words = " ".join(words.replace(",", " ").split())
    for polite in _WORDS_POLITE:
        words = words.removeprefix(f"{polite} ").removesuffix(f" {polite}")
    return words


def _is_said(character: str) -> bool:
    return unicodedata.category(character)[0] in "LN" or unicodedata.category(character) == "Mc"


def _folded(text: str) -> str:
    # Turkish has two letters where others have one, and telephones capitalise both ways.
    return text.replace("İ", "i").casefold().replace("ı", "i")


_WORDS_POLITE = tuple(_folded(word) for word in _POLITE)
_WORDS_STOP = frozenset(_folded(word.strip()) for word in _STOP if word.strip())
_WORDS_START = frozenset(_folded(word.strip()) for word in _START if word.strip())


def is_stopped(channel: str, peer: str) -> bool:
    """Nothing may be sent to them."""
    return _open(channel, peer).exists()


def stop(*, channel: str, peer: str, word: str, now: datetime) -> None:
    """From now on, and for what waits to be sent already. In the caller's transaction."""
    kind, value = identity_of(channel, peer) or (channel, peer)
    said = {"word": word[:100], "since": now, "channel": channel}
    OptOut.objects.get_or_create(kind=kind, value=value, ended_at=None, defaults=said)
    peers = Q(conversation__peer=peer)
    if kind == "phone":
        peers = Q(conversation__peer__in=[value, f"whatsapp:{value}"])
    waiting = Message.objects.filter(peers, state=Message.State.QUEUED).order_by("pk")
    ids = list(waiting.select_for_update(of=("self",), no_key=True).values_list("pk", flat=True))
    Message.objects.filter(pk__in=ids).update(state=Message.State.BLOCKED, retry_at=None)


def start(*, channel: str, peer: str, word: str, now: datetime) -> bool:
    """Takes a STOP back; False if there was none."""
    return bool(_open(channel, peer).update(ended_at=now, ended_word=word[:100]))


def _open(channel: str, peer: str) -> QuerySet[OptOut]:
    kind, value = identity_of(channel, peer) or (channel, peer)
    return OptOut.objects.filter(kind=kind, value=value, ended_at__isnull=True)
