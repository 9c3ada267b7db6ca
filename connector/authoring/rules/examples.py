"""Examples are obligations: each is run, and must send what it says."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from connector.authoring.draft import Mistake
from connector.core.exchange.plan import plan
from connector.core.request.builder import wire
from connector.definition.fields import Place
from connector.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from connector.authoring.draft import Draft
    from connector.authoring.folder_reader import Sources
    from connector.core.request.builder import Request
    from connector.definition.action import Action, Example, Sends
    from connector.definition.strict_yaml import Path

RULE = "examples-run"
# What must be right first: an example would only say it again.
BEFORE = (
    "place", "one-place", "path-complete", "request-path", "needs-exist", "not-with-mutual", "limits", "pattern",
    "choices-typed", "choices-file", "default-fits", "default-or-required", "no-default-on-update", "word-fits",
    "keys-fold", "body-on-get", "no-templates", "secret-default",
)  # fmt: skip
_LONGEST = 120


def examples_run(draft: Draft[Action], sources: Sources) -> Iterator[Mistake]:
    """Check what each example gives, build its request, and compare that with what it says is sent."""
    action = draft.model
    if not action.examples:
        yield Mistake(("examples",), RULE, "show at least one example: what is given, what is sent.", key=True)
    if not draft.whole:
        return
    planned = plan(sources.connector, action.action)
    optional = {_named(Place.of(to)) for to in sources.shared.always}
    for name, example in action.examples.items():
        path: Path = ("examples", name)
        try:
            given = {key: value for key, value in example.given.items() if key not in ("connection", "debugRequest")}
            request = planned.request(planned.check(given))
        except InputError as error:
            yield from _refused((*path, "given"), action, example, error)
            continue
        for word, message in _differences(example.sends, request, optional):
            there = getattr(example.sends, word) is not None and word in example.sends.model_fields_set
            yield Mistake((*path, "sends", word) if there else (*path, "sends"), RULE, message, key=True)


def _refused(path: Path, action: Action, example: Example, error: InputError) -> Iterator[Mistake]:
    spelled = {action.names.get(spelling, spelling): spelling for spelling in example.given}
    for problem in error.problems:
        field = spelled.get(problem.field.partition(".")[0])
        where = (*path, field) if field else path
        yield Mistake(where, RULE, f"{problem}", key=field is None)


def _differences(sends: Sends, request: Request, optional: set[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Yield the word of `sends` that does not say what is sent, and how."""
    if sends.method is not None and sends.method.upper() != request.method:
        yield "method", f"the method that is sent is {request.method}."
    if sends.path != request.path:
        yield "path", f"the path that is sent is {request.path}"
    yield from _pairs_differ("query", _listed(sends.query.items()), request.query, optional)
    yield from _pairs_differ("headers", _listed(sends.headers.items()), request.headers, optional)
    yield from _bodies_differ(sends, request)


def _pairs_differ(
    word: str, said: list[tuple[str, str]], sent: Iterable[tuple[str, str]], optional: set[tuple[str, str]]
) -> Iterator[tuple[str, str]]:
    part = "query" if word == "query" else "header"
    wanted, found = _grouped(said, part), _grouped(sent, part)
    for name in sorted(wanted.keys() | found.keys()):
        if name not in wanted and (part, name) in optional:
            continue
        if wanted.get(name) != found.get(name):
            got = "not sent" if name not in found else f"sent as {', '.join(map(repr, found[name]))}"
            yield word, f"{name} is {got}{'' if name in wanted else ' and not said here'}."


def _grouped(pairs: Iterable[tuple[str, str]], part: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in pairs:
        found.setdefault(name.lower() if part == "header" else name, []).append(value)
    return found


def _named(place: Place) -> tuple[str, str]:
    name = ".".join(place.path)
    return place.part, name.lower() if place.part == "header" else name


def _listed(pairs: Iterable[tuple[str, Any]]) -> list[tuple[str, str]]:
    """Return pairs as they go on the wire: a list repeats its name."""
    return [
        (name, "" if one is None else wire(one))
        for name, value in pairs
        for one in (value if isinstance(value, list) else [value])
    ]


def _bodies_differ(sends: Sends, request: Request) -> Iterator[tuple[str, str]]:
    body = request.body
    if body is None:
        word = "body" if sends.body is not None else "form"
        if sends.body is not None or sends.form is not None:
            yield word, "no body is sent."
    elif body.kind in ("form", "multipart"):
        pairs = [(one.name, one.data) for one in body.value] if body.kind == "multipart" else list(body.value)
        if sends.form is None or pairs != _form(sends.form):
            yield "form", f"the form that is sent is {_short([list(pair) for pair in pairs])}"
    elif json.dumps(sends.body, sort_keys=True) != json.dumps(body.value, sort_keys=True, default=repr):
        yield "body", f"the body that is sent is {_short(_other(sends.body, body.value))}"


def _form(form: Mapping[str, Any] | list[list[str]]) -> list[tuple[str, Any]]:
    pairs = form.items() if not isinstance(form, list) else ((one[0], one[-1]) for one in form if one)
    return _listed(pairs)


def _other(said: Any, sent: Any) -> Any:
    """Return the part of a body that differs, so that the sentence stays short."""
    if not isinstance(said, dict) or not isinstance(sent, dict):
        return sent
    differing = {name for name in said.keys() | sent.keys() if said.get(name) != sent.get(name)}
    if not differing:
        return sent
    return {name: _other(said.get(name), sent[name]) if name in sent else "nothing" for name in sorted(differing)}


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=repr)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."
