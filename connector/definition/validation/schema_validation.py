"""JSON Schemas of the models, and findings for what in a file violates them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import jsonschema
from pydantic import ValidationError
from pydantic.json_schema import GenerateJsonSchema
from referencing import Registry

from connector.definition.action import REQUEST_LINE_PATTERN
from connector.definition.json_path import PARSERS, PathSyntaxError
from connector.definition.replies.job import DURATION_PATTERN
from connector.definition.suggest import closest, did_you_mean
from connector.definition.validation.strict_model import StrictModel, build_adapter

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from connector.definition.parsers.strict_yaml import Document, NodePath
    from connector.errors import Finding

_PATTERN_WORDS = {
    DURATION_PATTERN: "a length of time, such as 5s, 500ms, 2m or 1h.",
    REQUEST_LINE_PATTERN: "METHOD /path below the base URL, such as GET /books/{bookId}, or raw.",
    "^https://": "a URL that begins with https://",
}
_SCHEMAS: dict[Any, dict[str, Any]] = {}  # by the model
_MAX_PREVIEW = 60  # characters of a value in a message
_TYPE_NAMES = {
    "string": "a text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "object": "a mapping",
    "null": "null",
}


class _UntitledSchema(GenerateJsonSchema):
    """A generator without titles, which only repeat the names of keys."""

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002  the base class's signature
        return False

    def encode_default(self, dft: Any) -> Any:
        """Return a default as JSON."""
        return super().encode_default(dft.model_dump(by_alias=True) if isinstance(dft, StrictModel) else dft)


def build_json_schema(model: type[StrictModel]) -> dict[str, Any]:
    """Return the JSON Schema of a model, from which editors complete and check."""
    if model not in _SCHEMAS:
        generated = _forbid_additional_properties(build_adapter(model).json_schema(schema_generator=_UntitledSchema))
        _SCHEMAS[model] = {"$schema": "https://json-schema.org/draft/2020-12/schema", **generated}
    return _SCHEMAS[model]


def _forbid_additional_properties(node: Any) -> Any:
    """Forbid keys that match no pattern, as the models do."""
    if isinstance(node, list):
        return [_forbid_additional_properties(item) for item in node]
    if not isinstance(node, dict):
        return node
    restriction = {"additionalProperties": False} if "patternProperties" in node else {}
    return {**restriction, **{name: _forbid_additional_properties(item) for name, item in node.items()}}


def validate_document(document: Document, model: type[StrictModel]) -> list[Finding]:
    """Return every violation of a document, in the order of its lines."""
    violations = set(_find_schema_violations(document, model))
    if not violations:
        violations = set(_find_model_violations(document, model))
    return sorted(violations)


def _find_schema_violations(document: Document, model: type[StrictModel]) -> Iterator[Finding]:
    schema = build_json_schema(model)
    validator = jsonschema.Draft202012Validator(schema, registry=Registry())
    for error in validator.iter_errors(document.data):
        yield from _build_findings(document, error, schema.get("$defs", {}))


def _build_findings(document: Document, error: Any, definitions: Mapping[str, Any]) -> Iterator[Finding]:
    path: NodePath = tuple(error.absolute_path)
    if error.validator == "additionalProperties" and "patternProperties" in error.schema:
        (pattern,) = error.schema["patternProperties"]
        for key in sorted(key for key in error.instance if not re.search(pattern, key)):
            if pattern in PARSERS:
                message = f"{_describe_wrong_path(pattern, key)}."
                yield document.build_finding((*path, key), "shape", message, key=True)
                continue
            message = f"{key!r} is not a valid key: use letters and digits, a letter first."
            yield document.build_finding((*path, key), "key", message, key=True)
    elif error.validator == "additionalProperties":
        allowed_keys = sorted(error.schema.get("properties", ()))
        for key in sorted(set(error.instance) - set(allowed_keys)):
            hint = _tell_owners(key, error.schema, definitions) or did_you_mean(key, allowed_keys)
            message = f"unknown key {key!r}.{hint} Known: {', '.join(allowed_keys)}."
            yield document.build_finding((*path, key), "unknown-word", message, key=True)
    elif error.validator == "required":
        unknown_keys = [key for key in error.instance if key not in error.schema.get("properties", ())]
        for key in error.validator_value:
            if key not in error.instance and not closest(key, unknown_keys):
                yield document.build_finding(path, "missing-word", f"{key!r} is missing.", key=True)
    elif error.validator == "oneOf":
        alternatives = " or ".join(f"`{alternative['required'][0]}`" for alternative in error.validator_value)
        yield document.build_finding(path, "one-of", f"give either {alternatives}.", key=True)
    elif error.validator == "anyOf":
        yield from _build_any_of_findings(document, error, definitions)
    elif error.validator == "pattern" and error.validator_value in PARSERS:
        yield document.build_finding(path, "shape", f"{_describe_wrong_path(error.validator_value, error.instance)}.")
    else:
        yield document.build_finding(path, _get_rule_name(error), _build_mismatch_message(error))


def _tell_owners(key: str, schema: Mapping[str, Any], definitions: Mapping[str, Any]) -> str:
    """Return where a word belongs that stands one level too high; empty where nothing here has it."""
    owners = [
        name
        for name, value in schema.get("properties", {}).items()
        if any(key in form.get("properties", ()) for form in _list_forms(value, definitions))
    ]
    return f" It is a word of {' and '.join(f'`{owner}`' for owner in owners)}." if owners else ""


def _list_forms(schema: Mapping[str, Any], definitions: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the forms that a value may have, with references resolved."""
    forms = schema.get("anyOf", [schema])
    return [definitions[form["$ref"].rpartition("/")[2]] if "$ref" in form else form for form in forms]


def _describe_wrong_path(pattern: str, text: str) -> str:
    """Return what is wrong with the spelling of a path, in the words of its parser."""
    try:
        PARSERS[pattern](text)
    except PathSyntaxError as wrong:
        return str(wrong)
    return f"got {_preview(text)}; expected a path"


def _build_any_of_findings(document: Document, error: Any, definitions: Mapping[str, Any]) -> Iterator[Finding]:
    """Report the alternative of the value's type that failed deepest inside; else every accepted type."""
    other_types = {
        nested.relative_schema_path[0]
        for nested in error.context or ()
        if not nested.path and nested.validator == "type"
    }
    nested_errors = [nested for nested in error.context or () if nested.relative_schema_path[0] not in other_types]
    if nested_errors:
        nearest_branch = max(nested_errors, key=lambda nested: len(nested.path)).relative_schema_path[0]
        for nested in nested_errors:
            if nested.relative_schema_path[0] == nearest_branch:
                yield from _build_findings(document, nested, definitions)
        return
    mismatches = (nested for nested in error.context or () if nested.validator == "type")
    types = [_TYPE_NAMES.get(str(nested.validator_value), "?") for nested in mismatches]
    message = f"got {_preview(error.instance)}; expected {' or '.join(sorted(set(types) - {'null'}))}."
    yield document.build_finding(tuple(error.absolute_path), "type", message)


def _get_rule_name(error: Any) -> str:
    return {"enum": "choices", "const": "choices", "type": "type", "pattern": "form"}.get(str(error.validator), "limit")


def _build_mismatch_message(error: Any) -> str:
    received, rule = _preview(error.instance), error.validator_value
    if error.validator == "type":
        return f"got {received}; expected {_TYPE_NAMES.get(rule, rule)}."
    if error.validator == "enum":
        suggestion = did_you_mean(str(error.instance), map(str, rule))
        return f"got {received}; expected one of {', '.join(map(str, rule))}.{suggestion}"
    if error.validator == "pattern":
        return f"got {received}; expected {_PATTERN_WORDS.get(rule, f'a text that matches {rule}')}"
    expectations = {
        "const": rule, "minLength": "longer", "minItems": "more", "exclusiveMinimum": f"more than {rule}"
    }  # fmt: skip
    return f"got {received}; expected {expectations.get(str(error.validator), f'{error.validator} {rule}')}."


def _preview(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= _MAX_PREVIEW else f"{text[: _MAX_PREVIEW - 3]}..."


def _find_model_violations(document: Document, model: type[StrictModel]) -> Iterator[Finding]:
    """Report what the model rejects and its schema cannot express.

    The types fit: where a value may have one of several, those that it does not have are no mistakes.
    """
    try:
        model.model_validate(document.data)
    except ValidationError as error:
        details = error.errors(include_url=False, include_context=False)
        for item in [item for item in details if item["type"] == "value_error"] or details:
            message = item["msg"].removeprefix("Value error, ")
            yield document.build_finding(_find_written_path(document.data, item["loc"]), "shape", f"{message}.")


def _find_written_path(data: Any, location: Iterable[int | str]) -> NodePath:
    """Return the path in a document of a location in a model, which has steps that nobody writes."""
    path: list[int | str] = []
    for step in location:
        if isinstance(data, dict) and step in data:
            data = data[str(step)]
        elif isinstance(data, list) and isinstance(step, int) and step < len(data):
            data = data[step]
        else:
            continue
        path.append(step)
    return tuple(path)
