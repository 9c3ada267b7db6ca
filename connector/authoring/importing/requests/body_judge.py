"""Bodies of requests held to the schemas that a description has for them."""

from __future__ import annotations

from contextlib import suppress
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from jsonschema import Draft4Validator, Draft202012Validator, ValidationError
from jsonschema.exceptions import UnknownType
from jsonschema.validators import extend
from pydantic_core import SchemaError
from referencing import Registry
from referencing.exceptions import Unresolvable

from connector.authoring.importing.document import DanglingReferenceError
from connector.core.inputs.field_checks import compile_linear_regex

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connector.authoring.importing.document import ApiDocument

SEVERAL = " is valid under each of "  # how jsonschema tells that a value is several objects of a `oneOf`
_compile = lru_cache(maxsize=512)(compile_linear_regex)
_UNREADABLE = (ValueError, TypeError, LookupError, AttributeError, RecursionError, Unresolvable)


class BodyJudge:
    """Holds bodies to the schemas of one document.

    OpenAPI says more than JSON Schema. What is read-only is required of replies alone; `nullable` allows null; a
    discriminator names the object of a choice that a value is. What is no schema, no type, no expression that runs in
    linear time or a reference that leads nowhere refuses nothing. Nor does what is told by where a validator has been:
    `$dynamicRef` and `unevaluated...`, which would look for references past the document, and fetch them.
    """

    def __init__(self, document: ApiDocument) -> None:
        self._document = document
        self._read_only: dict[int, set[str]] = {}  # of each object that a schema in parts is held to
        is_new = str(document.data.get("openapi")).startswith("3.1")
        self._base: Any = Draft202012Validator if is_new else Draft4Validator
        keywords = {
            "$ref": self._follow, "allOf": self._check_parts, "required": self._check_required,
            "type": self._check_type, "enum": self._check_values, "pattern": self._check_pattern,
            "oneOf": self._check_choice, "anyOf": self._check_choice, "properties": self._check_members,
            "$dynamicRef": _accept, "unevaluatedItems": _accept, "unevaluatedProperties": _accept,
        }  # fmt: skip
        derive: Any = extend  # it has no types
        self._validator: Any = derive(self._base, keywords)({}, registry=Registry())

    def find_misfit(self, schema: Any, body: Any) -> str | None:
        """Return where a body does not fit a schema, and why; None where it fits. Raises ValueError."""
        self._read_only.clear()
        try:
            problem = next(self._validator.evolve(schema=schema).iter_errors(body), None)
        except _UNREADABLE as error:
            raise ValueError(f"the schema cannot be read: {type(error).__name__}: {error}") from None
        return None if problem is None else f"{problem.json_path}: {problem.message}"

    def accepts(self, schema: Any, body: Any) -> bool:
        """Whether a body fits a schema; one that cannot be read refuses everything."""
        try:
            return self.find_misfit(schema, body) is None
        except ValueError:
            return False

    def find_named(self, schema: Any, value: Any) -> Any:
        """Return the object of a choice that the discriminator's value names; None where it names none."""
        discriminator = schema.get("discriminator")
        tag = discriminator.get("propertyName") if isinstance(discriminator, dict) else None
        name = value.get(tag) if isinstance(value, dict) and isinstance(tag, str) else None
        if not isinstance(name, str):
            return None
        mapping = discriminator.get("mapping")
        target = str(mapping.get(name, name)) if isinstance(mapping, dict) else name
        named = self._document.ref_name({"$ref": target})
        parts = schema.get("oneOf") or schema.get("anyOf") or ()
        return next((part for part in parts if isinstance(part, dict) and named == self._find_name(part)), None)

    def _find_name(self, part: dict[str, Any]) -> str | None:
        return self._document.ref_name(part) if "$ref" in part else None

    def _follow(self, validator: Any, ref: str, instance: Any, _: Any) -> Iterator[ValidationError]:
        try:
            target = self._document.follow({"$ref": ref})
        except DanglingReferenceError:
            return
        yield from validator.descend(instance, target)

    def _check_parts(self, validator: Any, parts: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
        """What one part calls read-only, another may require."""
        if isinstance(instance, dict):
            self._read_only.setdefault(id(instance), set()).update(self._list_read_only(schema))
        yield from self._base.VALIDATORS["allOf"](validator, parts, instance, schema)

    def _check_required(self, _: Any, names: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
        for name in names if isinstance(names, list) and isinstance(instance, dict) else ():
            is_needed = name not in instance and name not in self._read_only.get(id(instance), ())
            if is_needed and name not in self._list_read_only(schema):
                yield ValidationError(f"{name} is required")

    def _list_read_only(self, schema: Any) -> set[str]:
        members = self._document.resolve(schema).get("properties")
        named = members.items() if isinstance(members, dict) else ()
        return {name for name, member in named if self._document.resolve(member).get("readOnly") is True}

    def _check_type(self, validator: Any, kinds: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
        if instance is not None or schema.get("nullable") is not True:
            with suppress(UnknownType):
                yield from self._base.VALIDATORS["type"](validator, kinds, instance, schema)

    def _check_values(self, validator: Any, values: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
        if instance is not None or schema.get("nullable") is not True:
            yield from self._base.VALIDATORS["enum"](validator, values, instance, schema)

    def _check_choice(self, validator: Any, parts: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
        named = self.find_named(schema, instance)
        if named is not None:
            yield from validator.descend(instance, named)
            return
        word = "oneOf" if parts is schema.get("oneOf") else "anyOf"
        yield from self._base.VALIDATORS[word](validator, parts, instance, schema)

    def _check_members(self, validator: Any, members: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
        known = self._document.read_members({"properties": members})
        yield from self._base.VALIDATORS["properties"](validator, known, instance, schema)

    def _check_pattern(self, _: Any, pattern: Any, instance: Any, __: Any) -> Iterator[ValidationError]:
        try:
            matches = not isinstance(instance, str) or _compile(pattern).isinstance_python(instance)
        except (SchemaError, TypeError):
            return
        if not matches:
            yield ValidationError(f"{instance!r} does not match {pattern!r}")


def _accept(*_: Any) -> tuple[ValidationError, ...]:
    return ()
