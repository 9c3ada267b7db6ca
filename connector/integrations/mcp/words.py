"""The words of a question and of an action, made comparable: stems, intents, and words that mean the same."""

from __future__ import annotations

import re
from functools import cache

from connector.first_use import prepare_pattern


def _split(text: str) -> list[str]:
    return text.split()


_DEFAULT_INTENTS = frozenset(["read"])
_MIN_STEM = 3  # letters
_MIN_SHARED = 5  # letters at the beginning of two words that are taken for forms of one
_AGAIN_VALUE = 0.8
_SHARED_PART = 0.62  # of the longer one
_ENDINGS = ("ations", "ation", "ings", "ing", "ions", "ion", "ies", "ers", "ees", "ed", "er", "es", "s", "e", "y")
_STOP_WORDS = frozenset(
    _split(
        "a an and any are as at be been being but by can could did do does for from has have he her hers him his i "
        "if in into is it its just let like may me might my need needs of off on one or our ours please she should "
        "so some somebody someone something than that the their them then there these they this those to up us "
        "want wants was we were will with would you your yours via per about out now had who whom whose what which "
        "when where how why much many already currently specific given particular certain all every each "
    )
)
_FILLERS = frozenset(_split("a an the please i we you can could would like want need to me my help let us"))
_EMAIL = prepare_pattern(r"[^\s@]{1,64}@[^\s@]+\.[^\s@]+")
# What the first word of an action, or its method, stands for; and the words that people ask for it with.
_INTENTS = {
    "read": _split(
        "get list read show find see view fetch look lookup retrieve search query who what which how when where "
        "display check tell browse count export download details info information status report listen "
    ),
    "create": _split(
        "sign create add make new schedule set book plan start open register enrol enroll invite insert put send "
        "post upload import write build assign attach give duplicate copy initiate generate draft place "
    ),
    "update": _split(
        "update change edit modify rename reschedule move set adjust switch replace turn enable disable mark "
        "extend shorten lengthen patch put alter correct toggle upgrade postpone promote demote unlock lock "
        "transfer fix "
    ),
    "delete": _split(
        "delete remove cancel erase drop destroy terminate unassign unlink revoke clear purge kick detach end "
        "close rid discard withdraw unregister deactivate fire trash wipe throw take leave left "
    ),
}
INTENTS_BY_METHOD = {
    "GET": "read",
    "HEAD": "read",
    "POST": "create",
    "PUT": "update",
    "PATCH": "update",
    "DELETE": "delete",
}
# Words of one row are asked for each other.
_SYNONYMS = (
    "user people person member employee staff colleague coworker teammate worker agent",
    "participant attendee attended guest joined people came present showed",
    "registrant registration signup registered sign attendee enrolled",
    "meeting call conference appointment session standup sync",
    "webinar broadcast presentation seminar",
    "recording recorded video replay playback tape",
    "message chat text wrote written conversation dm said",
    "channel room conversation",
    "invitation invite invitee",
    "phone telephone call calling voice",
    "report analytics statistics stats usage metric overview history log audit",
    "setting settings preference preferences configuration config option policy",
    "profile license account detail details information",
    "password passcode pin",
    "email mail address",
    "file document attachment upload pdf",
    "agent operator representative rep",
    "group team department division",
    "location site place office building branch",
    "host organizer organiser owner",
    "attendance attended presence came",
    "quality qos jitter latency",
    "number numbers line did",
    "voicemail voice mail mailbox",
    "transcript transcription text caption",
    "summary recap notes minutes",
    "question poll survey quiz vote answer",
    "device hardware machine appliance firmware",
    "note comment remark",
    "price quote cost offer product",
    "template preset blueprint",
    "live livestream stream streaming broadcast",
    "background picture photo image wallpaper logo avatar",
    "presence availability online busy available free status",
    "block blocked blocklist ban banned spam",
    "role permission privilege admin administrator",
    "emergency e911 911",
    "callback callbacks ring",
    "topic title name subject",
    "duration length long minutes",
    "time date when",
    "rule exception filter",
    "contact contacts addressbook",
    "task todo item",
    "token credential secret",
    "subscription plan billing invoice",
    "deal opportunity sale",
    "customer client",
    "timezone zone",
    "batch bulk many several once multiple mass",
    "retention retain keep kept",
    "company organization organisation account tenant",
    "session appointment",
)


def split_words(text: str) -> list[str]:
    """Return the words of a text, in lower case; a key in camelCase is several."""
    separated = re.sub(r"(?<=[a-z])(?=[A-Z][a-z])", " ", _EMAIL.sub("user email", text))
    return re.findall(r"[a-z0-9]+", separated.lower().replace("'s", ""))


def list_terms(text: str) -> list[str]:
    """Return the stems of a text's words, without those that say nothing."""
    return [stem(word) for word in split_words(text) if word not in _STOP_WORDS]


@cache
def stem(word: str) -> str:
    """Return a word without its ending: registrants, registered -> registrant, regist."""
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= _MIN_STEM and not word.endswith("ss"):
            return word[: -len(ending)]
    return word


def compare(term: str, other: str) -> float:
    """Return how much two stems are forms of one word, from 0 to 1; doing it again is the same word."""
    if term == other:
        return 1.0
    if term.startswith("re") and len(term) > len("re") + _MIN_SHARED and term[2:] == other:
        return _AGAIN_VALUE
    shared = 0
    for letter, other_letter in zip(term, other, strict=False):
        if letter != other_letter:
            break
        shared += 1
    longer = max(len(term), len(other))
    return 0.7 * shared / longer if shared >= _MIN_SHARED and shared >= _SHARED_PART * longer else 0.0


@cache
def _synonyms_by_term() -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for row in _SYNONYMS:
        terms = {stem(word) for word in row.split()}
        for term in terms:
            found.setdefault(term, set()).update(terms - {term})
    return {term: frozenset(others) for term, others in found.items()}


def list_synonyms(term: str) -> frozenset[str]:
    """Return the stems that mean about the same."""
    return _synonyms_by_term().get(term, frozenset())


@cache
def _intents_by_word() -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for intent, row in _INTENTS.items():
        for word in row:
            found.setdefault(stem(word), set()).add(intent)
    return {word: frozenset(intents) for word, intents in found.items()}


def find_order(text: str) -> str:
    """Return the stem of the order that a text begins with, such as delete; else nothing."""
    first = next((stem(word) for word in split_words(text) if word not in _FILLERS), "")
    return first if first in _intents_by_word() else ""


def find_intents(text: str) -> frozenset[str]:
    """Return what a text may order: read, create, update or delete.

    The first word that says something decides; where that is no order, it asks to read, or for what comes later.
    """
    by_word = _intents_by_word()
    if order := find_order(text):
        return by_word[order]
    return _DEFAULT_INTENTS.union(*(by_word.get(stem(word), ()) for word in split_words(text)))
