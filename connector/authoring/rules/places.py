"""Rules of where values go: the request line, `to:` and `always:`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from connector.authoring.draft import Mistake
from connector.definition.fields import Place
from connector.definition.suggest import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connector.authoring.draft import Draft
    from connector.authoring.folder_reader import Sources
    from connector.definition.action import Action
    from connector.definition.strict_yaml import Path

PARTS = ("path", "query", "header", "form", "file", "body")
RAW_PLACES = (
    "raw.method", "raw.path", "raw.query", "raw.headers", "raw.body", "raw.form", "raw.file", "raw.file_name",
    "raw.reply", "retry.max", "retry.delay_ms", "retry.backoff", "retry.all", "timeout.attempt_ms",
)  # fmt: skip
_CONTENT = ("body", "form", "file")
_BODILESS = ("GET", "HEAD", "DELETE")
_SEGMENTS = re.compile(r"(/([A-Za-z0-9\-._~!$&'()*+,;=:@]|%[0-9A-Fa-f]{2}|\{[A-Za-z][A-Za-z0-9_]*\})+)*/?\Z")


class Taken(NamedTuple):
    """A place that is taken: by whom, and where the file says so."""

    place: Place
    by: str
    path: Path


def taken(draft: Draft[Action]) -> list[Taken]:
    """Return the places of an action's inputs and constants, in the order of the file."""
    found = [Taken(Place.of(to), f"always {to}", ("always", to)) for to in draft.model.always]
    found += [Taken(spec.place, key, ("inputs", key, "to")) for key, spec in draft.model.inputs.items()]
    return found


def known_place(draft: Draft[Action], _sources: Sources) -> Iterator[Mistake]:
    """A place is one that requests have."""
    for one in taken(draft):
        is_key = one.path[0] == "always"
        for message in _place_problems(draft.model, one):
            yield Mistake(one.path, "place", message, key=is_key)


def _place_problems(action: Action, one: Taken) -> Iterator[str]:
    place, text = one.place, str(one.place)
    if action.is_raw:
        if text not in RAW_PLACES:
            yield f"a raw request has no place {text!r}.{did_you_mean(text, RAW_PLACES)}"
        return
    if place.part not in PARTS:
        yield f"requests have no part {place.part!r}.{did_you_mean(place.part, PARTS)} Known: {', '.join(PARTS)}."
    elif place.part == "path" and one.path[0] == "always":
        yield "a path is written in the request line, not here."
    elif place.part not in ("body", "form") and (not place.path or place.spread):
        yield f"say which {place.part}: {place.part}.name"
    elif place.part == "path" and len(place.path) > 1:
        yield "a value of the path has one name, without dots."
    elif place.spread and action.inputs[one.by].type not in ("json", "map of string"):
        yield "only a value of type json or map of string can be spread."
    else:
        yield from _sends_problems(action, place)


def _sends_problems(action: Action, place: Place) -> Iterator[str]:
    if place.part == "file" and action.sends != "multipart":
        yield "files are sent with `sends: multipart` only."
    elif place.part == "form" and action.sends not in ("form", "multipart"):
        yield "fields of a form are sent with `sends: form` or `sends: multipart`."
    elif place.part == "body" and place.path and action.sends in ("text", "binary"):
        yield f"`sends: {action.sends}` has one body: to: body"


def one_place(draft: Draft[Action], sources: Sources) -> Iterator[Mistake]:
    """No two inputs share a place, and none is inside another's; a spread may overlap."""
    found = taken(draft)
    shared = [Place.of(to) for to in sources.shared.always]
    for number, one in enumerate(found):
        for other in found[:number]:
            if _overlap(one.place, other.place):
                where = f"{other.by} at line {draft.line(other.path)}"
                yield Mistake(one.path, "one-place", f"{one.place} is taken by {where}.")
                break
        if any(_overlap(one.place, place) for place in shared):
            yield Mistake(one.path, "one-place", f"{one.place} is a constant of the manifest.")


def _overlap(one: Place, other: Place) -> bool:
    if one.spread or other.spread:
        return one == other
    nested = {part: "body" if part == "form" else part for part in (one.part, other.part)}
    if nested[one.part] != nested[other.part]:
        return False
    if nested[one.part] != "body":
        return _folded(one) == _folded(other)
    depth = min(len(one.path), len(other.path))
    return one.path[:depth] == other.path[:depth]


def _folded(place: Place) -> tuple[str, ...]:
    return tuple(name.lower() for name in place.path) if place.part == "header" else place.path


def path_complete(draft: Draft[Action], _sources: Sources) -> Iterator[Mistake]:
    """Each name in braces has an input that is always there, and each input of the path a name in braces."""
    action = draft.model
    if draft.lacks("inputs", "request"):
        return
    owners = {spec.place.path[0]: key for key, spec in action.inputs.items() if _in_path(spec.place)}
    lost = {name: key for name, key in owners.items() if name not in action.path_names}
    for name in dict.fromkeys(action.path_names):
        if name not in owners:
            hint = _meant(draft, name, lost)
            shift = action.request.index(f"{{{name}}}")
            yield Mistake(("request",), "path-complete", f"{{{name}}} has no input.{hint}", shift=shift)
    for name, key in lost.items():
        message = f"the request at line {draft.line(('request',))} has no {{{name}}}."
        yield Mistake(("inputs", key, "to"), "path-complete", message)
    for key in owners.values():
        if not action.inputs[key].required and not action.inputs[key].has_default:
            yield Mistake(("inputs", key), "path-complete", f"{key} is part of the path: it is required.", key=True)


def _meant(draft: Draft[Action], name: str, lost: dict[str, str]) -> str:
    """Take the input that a name in braces may have meant out of the lost ones, and tell where it stands."""
    near = next((one for one in lost if one.lower() == name.lower() or did_you_mean(name, [one])), None)
    if near is None:
        return ""
    key = lost.pop(near)
    return f" {key} at line {draft.line(('inputs', key))} goes to path.{near}."


def _in_path(place: Place) -> bool:
    return place.part == "path" and len(place.path) == 1


def request_path(draft: Draft[Action], _sources: Sources) -> Iterator[Mistake]:
    """The path stays below the base URL and is written as it is sent."""
    path = draft.model.path
    if draft.model.is_raw:
        return
    if "?" in path or "#" in path:
        yield Mistake(("request",), "request-path", "a query is not part of the path: use `to: query.x` or `always`.")
    elif any(part in (".", "..") for part in path.split("/")):
        yield Mistake(("request",), "request-path", "a path without . and .. stays below the base URL.")
    elif not _SEGMENTS.match(path) and path != "/":
        message = "expected segments of a path, encoded, with names in braces: /users/{userId}"
        yield Mistake(("request",), "request-path", message)


def body_on_get(draft: Draft[Action], _sources: Sources) -> Iterator[Mistake]:
    """GET and HEAD carry no body, and the body of a DELETE means nothing (RFC 9110, 9.3)."""
    action = draft.model
    if action.method not in _BODILESS:
        return
    for one in taken(draft):
        if one.place.part in _CONTENT:
            message = f"{action.method} carries no body; send it in the query."
            yield Mistake(one.path, "body-on-get", message, key=one.path[0] == "always")
    for word in ("send", "size"):
        if action.pages and (getattr(action.pages, word) or "").startswith("body"):
            yield Mistake(("pages", word), "body-on-get", f"{action.method} carries no body; send it in the query.")


def words_that_fit(draft: Draft[Action], _sources: Sources) -> Iterator[Mistake]:
    """`encode`, `ahead` and `join` stand where they mean something."""
    for key, spec in draft.model.inputs.items():
        if spec.encode and spec.place.part != "path":
            message = "`encode` is for a value of the path."
            yield Mistake(("inputs", key, "encode"), "word-fits", message, key=True)
        if spec.ahead and spec.type != "datetime":
            message = f"`ahead` is for a datetime, not for {spec.type}."
            yield Mistake(("inputs", key, "ahead"), "word-fits", message, key=True)
        if spec.join and not spec.is_list:
            message = f"`join` is for lists, not for {spec.type}."
            yield Mistake(("inputs", key, "join"), "word-fits", message, key=True)
