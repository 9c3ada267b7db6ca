"""Rules of what comes back: the schemas of schemas/objects/, and the examples that must fit them."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import jsonschema
from referencing import Registry
from referencing.exceptions import Unresolvable
from referencing.jsonschema import DRAFT202012

from connector.authoring.draft import Mistake
from connector.core.redaction import shown
from connector.definition.suggest import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connector.authoring.draft import Draft
    from connector.authoring.folder_reader import Sources
    from connector.definition.action import Action
    from connector.definition.strict_yaml import Path
    from connector.errors import Finding

RULE = "example-payload-fits-schema"
Place = tuple[str, tuple[str, ...]]  # a schema's file, and where in it a schema stands

_SAME_VALUE = ("allOf", "anyOf", "oneOf", "not", "if", "then", "else")  # judge the very value that they stand for
_NAMES = (("properties",), ("$defs",))  # what stands under these are names, not words
_NO_SCHEMAS = ("enum", "const", "examples", "default")


def example_payload_fits_schema(draft: Draft[Action], sources: Sources) -> Iterator[Mistake]:
    """What an action shows as its reply fits the schema that it names."""
    returns, name = draft.model.returns, draft.model.returns.schema_
    if name is None:
        return
    if name not in sources.objects:
        path = sources.objects_path(name)
        if not sources.told(path):
            message = f"there is no {path}.{did_you_mean(name, sources.objects)}"
            yield Mistake(("returns", "schema"), RULE, message)
        return
    with suppress(Unresolvable):  # a schema that leads to one with a mistake of its own
        for error in _validator(name, sources).iter_errors(returns.example):
            yield Mistake(("returns", "example", *error.absolute_path), RULE, _reason(error))


def _validator(name: str, sources: Sources) -> Any:
    """Return what checks against a sound schema; nothing is ever fetched."""
    resources = {
        f"{stem}.json": DRAFT202012.create_resource(document.data)
        for stem, document in sources.objects.items()
        if not sources.told(sources.objects_path(stem))
    }
    registry: Registry[Any] = Registry().with_resources(resources.items())
    return jsonschema.Draft202012Validator({"$ref": f"{name}.json"}, registry=registry)


def _reason(error: jsonschema.ValidationError) -> str:
    rule, got = str(error.validator), shown(error.instance)
    wanted: Any = error.validator_value
    if rule == "required":
        instance: Any = error.instance
        missing = [name for name in wanted if name not in instance]
        return f"{' and '.join(map(repr, missing))} {'is' if len(missing) == 1 else 'are'} missing."
    if rule == "type":
        return f"got {got}; expected {wanted if isinstance(wanted, str) else ' or '.join(wanted)}."
    if rule in ("enum", "const"):
        each = ", ".join(map(shown, wanted)) if rule == "enum" else shown(wanted)
        return f"got {got}; expected {each}."
    return f"got {got}; expected what {rule} says: {shown(wanted)}."


def schemas_sound(sources: Sources) -> Iterator[Finding]:
    """Every file of schemas/objects/ is a JSON Schema whose references lead to files beside it."""
    meta = jsonschema.Draft202012Validator(jsonschema.Draft202012Validator.META_SCHEMA)
    circular: set[Place] = set()
    for stem, document in sources.objects.items():
        if not isinstance(document.data, dict):
            yield document.finding((), "schema", "expected a JSON Schema: a mapping.")
            continue
        for error in meta.iter_errors(document.data):
            yield document.finding(tuple(error.absolute_path), "schema", f"no JSON Schema: {_reason(error)}")
        yield from (document.finding(path, "schema", message) for path, message in _odd(document.data, ()))
        for path, target in _references(document.data, ()):
            problem = _leads_nowhere(stem, target, sources)
            place = (stem, tuple(map(str, path[:-1])))
            if problem:
                yield document.finding(path, "schema", problem)
            elif place not in circular and _circles(place, sources, circular):
                message = f"{target!r} comes back to itself without ever looking deeper into the value."
                yield document.finding(path, "schema", message)


def _odd(data: Any, path: Path) -> Iterator[tuple[Path, str]]:
    """Yield what a JSON Schema may hold and these may not: names of its own, expressions that do not compile."""
    if isinstance(data, dict) and "$id" in data and path[-1:] not in _NAMES:
        yield (*path, "$id"), "a schema is known by the name of its file; leave `$id` out."
    if isinstance(data, dict) and isinstance(data.get("pattern"), str) and path[-1:] not in _NAMES:
        try:
            re.compile(data["pattern"])
        except re.error as error:
            yield (*path, "pattern"), f"no regular expression: {error}."
    for name, item in _members(data, path):
        yield from _odd(item, (*path, name))


def _references(data: Any, path: Path) -> Iterator[tuple[Path, str]]:
    for name, item in _members(data, path):
        if name == "$ref" and isinstance(item, str):
            yield (*path, name), item
        else:
            yield from _references(item, (*path, name))


def _members(data: Any, path: Path) -> Iterator[tuple[str | int, Any]]:
    """Yield what may hold schemas; under `properties`, every name is a property's."""
    if isinstance(data, list):
        yield from enumerate(data)
    elif isinstance(data, dict):
        names = () if path[-1:] in _NAMES else _NO_SCHEMAS
        yield from ((name, item) for name, item in data.items() if name not in names)


def _leads_nowhere(stem: str, target: str, sources: Sources) -> str:
    """Return what is wrong with a reference, or nothing."""
    file = target.partition("#")[0]
    if "/" in file or ":" in file or "\\" in file:
        return f"{target!r} leads out of this folder; a reference names a file beside this one."
    place = _target(stem, target)
    if place[0] not in sources.objects:
        broken = sources.told(sources.objects_path(place[0]))
        return "" if broken else f"there is no {file}.{did_you_mean(place[0], sources.objects)}"
    return "" if isinstance(_at(sources, place), dict | bool) else f"{target!r} leads to no schema."


def _target(stem: str, target: str) -> Place:
    file, _, pointer = target.partition("#")
    names = pointer.removeprefix("/").split("/") if pointer else []
    return file.removesuffix(".json") or stem, tuple(_unescaped(name) for name in names)


def _unescaped(name: str) -> str:
    return name.replace("~1", "/").replace("~0", "~")  # RFC 6901, 4


def _at(sources: Sources, place: Place) -> Any:
    stem, names = place
    data = sources.objects[stem].data if stem in sources.objects else None
    for name in names:
        if isinstance(data, list) and name.isdigit() and int(name) < len(data):
            data = data[int(name)]
        else:
            data = data.get(name) if isinstance(data, dict) else None
    return data


def _circles(start: Place, sources: Sources, circular: set[Place]) -> bool:
    """Whether judging a value by the schema at `start` leads to judging the same value by it again."""
    seen: set[Place] = set()
    ahead = list(_next(start, sources))
    while ahead:
        place = ahead.pop()
        if place == start:
            circular |= seen
            return True
        if place not in seen:
            seen.add(place)
            ahead += _next(place, sources)
    return False


def _next(place: Place, sources: Sources) -> Iterator[Place]:
    """Yield the schemas that judge the same value as the one at a place."""
    schema, (stem, names) = _at(sources, place), place
    if not isinstance(schema, dict):
        return
    if isinstance(schema.get("$ref"), str):
        yield _target(stem, schema["$ref"])
    for word in _SAME_VALUE:
        members = schema.get(word)
        if isinstance(members, list):
            yield from ((stem, (*names, word, str(number))) for number in range(len(members)))
        elif isinstance(members, dict):
            yield stem, (*names, word)
