"""Bodies that fit the schema of a request: of what is offered as much as fits, and what is missing made."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from connector.authoring.importing.evidence.made_texts import make_number, make_text
from connector.authoring.importing.evidence.shapes import SCALARS, name_kind, read_shape

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connector.authoring.importing.document import ApiDocument
    from connector.authoring.importing.requests.body_judge import BodyJudge

ABSENT: Final = object()
_DEEPEST = 10  # an object that needs another of its own kind never ends
_MOST_TRIES = 20_000  # of values held to a schema, for one body
_TEXTS = ("example", "abc123", "1", "00:00", "2026-03-02", "https://example.com", "ada@example.com")
_CHOICES = ("oneOf", "anyOf")
_NUMBERS: tuple[Any, ...] = (*map(str, range(1, 10)), *range(1, 10))  # entries that differ


class BodyFitter:
    """Makes values that a judge accepts. Each part is fitted before the whole: so what fits is kept."""

    def __init__(self, document: ApiDocument, judge: BodyJudge) -> None:
        self._document, self._judge = document, judge
        self._tries = 0

    def fit(self, schema: Any, offered: Any = ABSENT) -> Any:
        """Return a body that fits a schema and keeps what it can of the offered one; `ABSENT` where none is found."""
        self._tries = 0
        return self._fit(schema, offered, "", 0)

    def leave_out(self, schema: Any, body: Any) -> Any:
        """Return a body without its optional members that do not fit."""
        words = self._document.resolve(schema)
        members, needed = words.get("properties"), _list(words.get("required"))
        if not isinstance(members, dict) or not isinstance(body, dict):
            return body
        return {
            name: value
            for name, value in body.items()
            if name in needed or name not in members or self._judge.accepts(members[name], value)
        }

    def _fit(self, schema: Any, offered: Any, name: str, depth: int) -> Any:
        if offered is not ABSENT and self._accepts(schema, offered):
            return offered
        if depth > _DEEPEST:
            return ABSENT
        candidates = self._list_candidates(schema, offered, name, depth)
        return next((one for one in candidates if one is not ABSENT and self._accepts(schema, one)), ABSENT)

    def _accepts(self, schema: Any, value: Any) -> bool:
        self._tries += 1
        return self._tries < _MOST_TRIES and self._judge.accepts(schema, value)

    def _list_candidates(self, schema: Any, offered: Any, name: str, depth: int) -> Iterator[Any]:
        words = self._document.resolve(schema)
        if any(isinstance(words.get(word), list) and words[word] for word in _CHOICES):
            yield from self._list_chosen(words, offered, name, depth)
            return
        shape = read_shape(self._document, words)
        shown = (shape.example, words.get("default"), words.get("const"), *_list(words.get("enum")))
        yield from (one for one in shown if one is not None)
        if shape.kind == "object":
            yield self._make_object(words, offered, depth)
            yield self._make_object(words, ABSENT, depth)
        elif shape.kind == "array":
            yield self._make_list(words, offered, name, depth)
        elif shape.kind == "union":
            for variant in shape.variants:
                yield self._fit(variant, offered, name, depth + 1)
        else:
            yield from _list_scalars(shape.kind, words, name)
        if words.get("nullable") is True:
            yield None

    def _list_chosen(self, words: dict[str, Any], offered: Any, name: str, depth: int) -> Iterator[Any]:
        """Yield values of the objects of a choice, the likeliest first: with what is offered, then without the rest."""
        base = {word: one for word, one in words.items() if word not in (*_CHOICES, "discriminator")}
        parts = [part for word in _CHOICES for part in _list(words.get(word)) if isinstance(part, dict)]
        named = self._judge.find_named(words, offered)
        resolved = [self._document.resolve(part) for part in parts]
        kind = name_kind(offered)
        order = sorted(
            range(len(parts)),
            key=lambda place: (
                parts[place] is not named,
                read_shape(self._document, resolved[place]).kind != kind,
                -_count_shared(resolved[place], offered),
            ),
        )
        tagged = [self._add_tag(words, part) for part in parts]
        for place in order:
            whole = {"allOf": [base, tagged[place]]}
            yield self._fit(whole, offered, name, depth + 1)
        for place in order:
            whole = {"allOf": [base, tagged[place]]}
            others = {one for other in resolved for one in _list_names(other)} - _list_names(resolved[place])
            if isinstance(offered, dict):
                yield self._fit(whole, {key: one for key, one in offered.items() if key not in others}, name, depth + 1)
            yield self._fit(whole, ABSENT, name, depth + 1)
            members = resolved[place].get("properties")
            if isinstance(members, dict):
                yield self._make_object({**self._document.resolve(whole), "required": list(members)}, ABSENT, depth + 1)

    def _add_tag(self, words: dict[str, Any], part: dict[str, Any]) -> dict[str, Any]:
        """Return an object of a choice with the value of the discriminator that names it."""
        discriminator = words.get("discriminator")
        tag = discriminator.get("propertyName") if isinstance(discriminator, dict) else None
        if not isinstance(tag, str):
            return part
        mapping = discriminator.get("mapping") if isinstance(discriminator, dict) else None
        named = [*(mapping if isinstance(mapping, dict) else ()), self._document.ref_name(part)]
        value = next((one for one in named if self._judge.find_named(words, {tag: one}) is part), None)
        if value is None:
            return part
        return {"allOf": [part, {"properties": {tag: {"type": "string", "enum": [value]}}, "required": [tag]}]}

    def _make_object(self, words: dict[str, Any], offered: Any, depth: int) -> Any:
        members = _mapping(words.get("properties"))
        others = words.get("additionalProperties", True)
        made: dict[str, Any] = {}
        for name, value in offered.items() if isinstance(offered, dict) else ():
            if name in members or others is not False:
                fitted = self._fit(members.get(name, others), value, str(name), depth + 1)
                if fitted is not ABSENT:
                    made[name] = fitted
        for name in map(str, _list(words.get("required"))):
            if name not in made and not self._is_read_only(members.get(name)):
                fitted = self._fit(members.get(name, {}), ABSENT, name, depth + 1)
                if fitted is ABSENT:
                    return ABSENT
                made[name] = fitted
        if not made and isinstance(words.get("minProperties"), int) and not isinstance(offered, dict):
            names = [name for name, member in members.items() if not self._is_read_only(member)]
            count = max(words["minProperties"], 0)
            return self._make_object({**words, "required": names[:count] or ["name"]}, {}, depth) if count else made
        return made

    def _is_read_only(self, schema: Any) -> bool:
        return self._document.resolve(schema).get("readOnly") is True

    def _make_list(self, words: dict[str, Any], offered: Any, name: str, depth: int) -> Any:
        entry = words.get("items", {})
        given = offered if isinstance(offered, list) else [offered] if offered is not ABSENT else [ABSENT]
        fitted = [self._fit(entry, value, name, depth + 1) for value in given]
        made = [value for value in fitted if value is not ABSENT]
        most, least = words.get("maxItems"), words.get("minItems")
        if isinstance(least, int) and made and len(made) < least:
            others = [number for number in _NUMBERS if number not in made and self._accepts(entry, number)]
            made = ([*made, *others] if words.get("uniqueItems") is True else made * least)[:least]
        return made[:most] if isinstance(most, int) else made


def _list_scalars(kind: str, words: dict[str, Any], name: str) -> Iterator[Any]:
    """Yield values of a kind, the likeliest first; of any kind where nothing says which."""
    if kind in ("string", "any"):
        yield from (make_text(name, words), make_text("", words), *_TEXTS)
    if kind in ("integer", "number"):
        yield make_number(words, is_integer=kind == "integer")
    if kind not in SCALARS[:3]:
        yield from (True, False)
    if kind == "any":
        yield from (1, {}, [])


def _count_shared(words: dict[str, Any], offered: Any) -> int:
    """Return how well what is offered suits an object: its members count, those that it does not know against it."""
    names = _list_names(words)
    return sum(1 if name in names else -1 for name in offered) if isinstance(offered, dict) else 0


def _list_names(words: dict[str, Any]) -> set[str]:
    members = words.get("properties")
    return {*map(str, members if isinstance(members, dict) else ()), *map(str, _list(words.get("required")))}


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
