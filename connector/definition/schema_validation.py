"""The shape of both kinds of file: JSON Schemas made from the models, and what in a file does not fit them."""

from __future__ import annotations

import difflib
import re
from functools import cache
from typing import TYPE_CHECKING, Any

import jsonschema
from pydantic import ValidationError
from pydantic.json_schema import GenerateJsonSchema
from referencing import Registry

from connector.definition.suggest import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic import BaseModel

    from connector.definition.strict_yaml import Document, Path
    from connector.errors import Finding

_NAMES = {
    "string": "a text", "integer": "a whole number", "number": "a number", "boolean": "true or false",
    "array": "a list", "object": "a mapping", "null": "null",
}  # fmt: skip


class _Untitled(GenerateJsonSchema):
    """Without the titles that repeat each word's name."""

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002  the base class's signature
        return False


@cache
def schema(model: type[BaseModel]) -> dict[str, Any]:
    """Return the JSON Schema of a kind of file; editors complete and check from it."""
    made: dict[str, Any] = _closed(model.model_json_schema(schema_generator=_Untitled))
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **made}


def _closed(made: Any) -> Any:
    """A mapping whose keys have a form takes no others, as the models do."""
    if isinstance(made, list):
        return [_closed(item) for item in made]
    if not isinstance(made, dict):
        return made
    closed = {"additionalProperties": False} if "patternProperties" in made else {}
    return {**closed, **{name: _closed(item) for name, item in made.items()}}


def findings(document: Document, model: type[BaseModel]) -> list[Finding]:
    """Return all that is wrong with the shape of a document, in the order of its lines."""
    found = set(_schema_findings(document, model))
    if not found:
        found = set(_model_findings(document, model))
    return sorted(found)


def _schema_findings(document: Document, model: type[BaseModel]) -> Iterator[Finding]:
    validator = jsonschema.Draft202012Validator(schema(model), registry=Registry())
    for error in validator.iter_errors(document.data):
        yield from _told(document, error)


def _told(document: Document, error: Any) -> Iterator[Finding]:
    path: Path = tuple(error.absolute_path)
    if error.validator == "additionalProperties" and "patternProperties" in error.schema:
        (form,) = error.schema["patternProperties"]
        for word in sorted(word for word in error.instance if not re.search(form, word)):
            message = f"{word!r} is no key; a key has letters and digits and begins with a letter."
            yield document.finding((*path, word), "key", message, key=True)
    elif error.validator == "additionalProperties":
        known = sorted(error.schema.get("properties", ()))
        for word in sorted(set(error.instance) - set(known)):
            message = f"{word!r} is not a word here.{did_you_mean(word, known)} Known: {', '.join(known)}."
            yield document.finding((*path, word), "unknown-word", message, key=True)
    elif error.validator == "required":
        meant = [word for word in error.instance if word not in error.schema.get("properties", ())]
        for word in error.validator_value:
            if word not in error.instance and not difflib.get_close_matches(word, meant, n=1):
                yield document.finding(path, "missing-word", f"{word!r} is missing.", key=True)
    elif error.validator == "oneOf":
        words = " or ".join(f"`{one['required'][0]}`" for one in error.validator_value)
        yield document.finding(path, "one-of", f"give {words}, one of them.", key=True)
    elif error.validator == "anyOf":
        yield from _alternatives(document, error)
    else:
        yield document.finding(path, _rule(error), _unfit(error))


def _alternatives(document: Document, error: Any) -> Iterator[Finding]:
    """Tell all of the alternative that came nearest, one that failed inside; else every type that would do."""
    deeper = [one for one in error.context or () if one.path or one.validator != "type"]
    if deeper:
        nearest = max(deeper, key=lambda one: len(one.path)).relative_schema_path[0]
        for one in deeper:
            if one.relative_schema_path[0] == nearest:
                yield from _told(document, one)
        return
    types = [_NAMES.get(str(one.validator_value), "?") for one in error.context or ()]
    message = f"got {_shown(error.instance)}; expected {' or '.join(sorted(set(types) - {'null'}))}."
    yield document.finding(tuple(error.absolute_path), "type", message)


def _rule(error: Any) -> str:
    return {"enum": "choices", "const": "choices", "type": "type", "pattern": "form"}.get(str(error.validator), "limit")


def _unfit(error: Any) -> str:
    got, rule = _shown(error.instance), error.validator_value
    if error.validator == "type":
        return f"got {got}; expected {_NAMES.get(rule, rule)}."
    if error.validator == "enum":
        near = did_you_mean(str(error.instance), map(str, rule))
        return f"got {got}; expected one of {', '.join(map(str, rule))}.{near}"
    if error.validator == "pattern":
        return f"got {got}; expected a text of the form {rule}"
    words = {"minLength": "longer", "minItems": "more", "exclusiveMinimum": f"more than {rule}"}
    return f"got {got}; expected {words.get(str(error.validator), f'{error.validator} {rule}')}."


def _shown(value: Any) -> str:
    shown = repr(value)
    return shown if len(shown) <= 60 else f"{shown[:57]}..."  # noqa: PLR2004  a line's worth


def _model_findings(document: Document, model: type[BaseModel]) -> Iterator[Finding]:
    """Tell what the models refuse and the schema could not say."""
    try:
        model.model_validate(document.data)
    except ValidationError as error:
        for one in error.errors(include_url=False, include_context=False):
            yield document.finding(tuple(one["loc"]), "shape", f"{one['msg']}.")
