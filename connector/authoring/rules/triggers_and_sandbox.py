"""Rules of what only the edges of a service show: triggers, and the sandbox that stands in for it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from connector.authoring.draft import Mistake
from connector.definition.suggest import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connector.authoring.draft import Draft
    from connector.authoring.folder_reader import Sources
    from connector.definition.manifest import Collection, Manifest, Trigger
    from connector.definition.strict_yaml import Path

_BRACES = re.compile(r"\{([^{}]*)\}")
_PLACE = re.compile(r"(header|part)\.[A-Za-z0-9!#$%&'*+.^_`|~-]+\Z")  # a name as headers have them (RFC 9110, 5.6.2)
_SIGNS = ("timestamp", "body", "id")


def triggers(draft: Draft[Manifest], _sources: Sources) -> Iterator[Mistake]:
    """A trigger can be checked: it asks for a secret, signs the body, and names only what a delivery has."""
    for name, trigger in draft.model.triggers.items():
        path: Path = ("triggers", name)
        for where, message in (*_signature(trigger), *_event(trigger), *_challenge(trigger)):
            missing = where == ("dedupe",) and not trigger.dedupe
            yield Mistake(path if missing else (*path, *where), "trigger", message, key=missing)
        if not any(spec.secret for spec in trigger.inputs.values()):
            message = "ask for the secret that signs: an input of type password."
            yield Mistake((*path, "inputs"), "trigger", message, key=True)


def _signature(trigger: Trigger) -> Iterator[tuple[Path, str]]:
    signature = trigger.signature
    signs, looks = _BRACES.findall(signature.signs), _BRACES.findall(signature.looks)
    for word, found, known in (("signs", signs, _SIGNS), ("looks", looks, (signature.digest,))):
        for one in found:
            if one not in known:
                yield ("signature", word), f"{{{one}}} does not stand here.{did_you_mean(one, known)}"
            elif found.count(one) > 1:
                yield ("signature", word), f"{{{one}}} stands here once."
    if "body" not in signs:
        yield ("signature", "signs"), "what is signed holds the {body}; else anybody could change it."
    if signature.digest not in looks:
        yield ("signature", "looks"), f"say where the digest stands: {{{signature.digest}}}"
    if signature.many is not None and signature.many in signature.looks:
        yield (
            ("signature", "looks"),
            f"{signature.many!r} is what stands between several: one of them does not hold it.",
        )
    if signature.secret_prefix is not None and signature.secret == "text":  # noqa: S105  how it is written
        yield ("signature", "secret_prefix"), "a secret that is text is used whole; a prefix is of one in base64."
    for word in ("timestamp", "id"):
        yield from _placed(trigger, word, signed=word in signs)
    if signature.timestamp is not None and trigger.max_age is None:
        yield ("signature", "timestamp"), "say how old a delivery may be: max_age, in seconds."
    if signature.timestamp is None and trigger.max_age is not None:
        yield ("max_age",), "no timestamp is signed, so the age of a delivery is not known."


def _placed(trigger: Trigger, word: str, *, signed: bool) -> Iterator[tuple[Path, str]]:
    """Tell what is wrong with where a delivery has its timestamp, or its id."""
    signature = trigger.signature
    place: str | None = getattr(signature, word)
    if place is None:
        if signed:
            yield ("signature", "signs"), f"{{{word}}} is signed; say where a delivery has it: {word}: header.X"
        return
    if not _PLACE.match(place):
        yield ("signature", word), "expected header.X, or part.x of the signature's header."
    elif place.startswith("part.") and signature.many is None:
        yield ("signature", word), "a header of one part has no other; say what stands between them: many."
    elif not signed and word == "timestamp":
        yield ("signature", word), "it is not signed, so anybody could change it: have {timestamp} in `signs`."


def _event(trigger: Trigger) -> Iterator[tuple[Path, str]]:
    """Tell what is wrong with how an event is known: by no place of the body, or by the same thing twice."""
    for place in trigger.dedupe:
        if trigger.dedupe.count(place) > 1:
            yield ("dedupe",), f"{place} stands here twice."
            break
    if not trigger.dedupe:
        yield ("dedupe",), "say what an event is known by, so that it is delivered once: the places of its id."


def _challenge(trigger: Trigger) -> Iterator[tuple[Path, str]]:
    if trigger.challenge is None:
        return
    for name, value in trigger.challenge.reply.items():
        for one in _BRACES.findall(value):
            if one not in ("read", "hex"):
                yield ("challenge", "reply", name), f"{{{one}}} is not known: a reply holds {{read}} and {{hex}}."
    if not any("{hex}" in value for value in trigger.challenge.reply.values()):
        yield ("challenge", "reply"), "nothing of it shows that the secret is known: a reply holds {hex}."


def sandbox(draft: Draft[Manifest], sources: Sources) -> Iterator[Mistake]:
    """The sandbox's collections are paths of the actions, and hang together."""
    collections = draft.model.sandbox.collections
    paths = {_shape(path): path for path in _paths(sources)}
    for name, one in collections.items():
        where: Path = ("sandbox", name)
        yield from _collection(where, one, paths)
        if one.parent is not None and one.parent not in collections:
            message = f"there is no collection {one.parent!r}.{did_you_mean(one.parent, collections)}"
            yield Mistake((*where, "parent"), "sandbox", message)
    for word in ("missing", "invalid"):
        answer = getattr(draft.model.sandbox, word)
        if answer is not None and not 400 <= answer.status < 600:  # noqa: PLR2004  the range of refusals
            yield Mistake(("sandbox", word, "status"), "sandbox", "a refusal has a status from 400 to 599.")


def _paths(sources: Sources) -> list[str]:
    """Return the path of every request line, those of broken files too."""
    lines = [str((draft.document.data or {}).get("request", "")) for draft in sources.actions]
    return [line.partition(" ")[2] for line in lines if " " in line]


def _shape(path: str) -> str:
    return _BRACES.sub("{}", path)


def _collection(where: Path, one: Collection, paths: dict[str, str]) -> Iterator[Mistake]:
    if one.listing is None and one.item is None:
        yield Mistake(where, "sandbox", "say where it is: list, item, or both.", key=True)
    for word, path in (("list", one.listing), ("item", one.item)):
        if path is not None and paths and _shape(path) not in paths:
            message = f"no action has the path {path}{did_you_mean(path, paths.values())}"
            yield Mistake((*where, word), "sandbox", message if message.endswith("?") else f"{message}.")
    if one.item is not None and not _BRACES.search(one.item.rpartition("/")[2]):
        yield Mistake((*where, "item"), "sandbox", "the path of one thing ends with its name in braces.")
    for place, thing in enumerate(one.start):
        if one.id not in thing:
            yield Mistake((*where, "start", place), "sandbox", f"{one.id!r} is missing: it names the thing.")
