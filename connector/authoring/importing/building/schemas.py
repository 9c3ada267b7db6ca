"""The schemas of replies: a file of schemas/objects/ for each component that a reply leads to.

They say what fields a reply has and of what type. What a service often breaks is left out: `required`, limits, and
lists of values.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from jsonschema import Draft202012Validator
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from connector.authoring.importing.building.texts import split_words

if TYPE_CHECKING:
    from connector.authoring.importing.document import ApiDocument

MAX_DEPTH = 12
_TYPES = ("string", "integer", "number", "boolean", "array", "object")


class SchemaFiles:
    """The files of schemas/objects/, made as replies ask for them; `files` is name -> JSON Schema."""

    def __init__(self) -> None:
        self.files: dict[str, dict[str, Any]] = {}
        self._names: dict[tuple[int, str], str] = {}

    def add_reply(self, document: ApiDocument, schema: dict[str, Any], key: str) -> str | None:
        """Return the name of the file of a reply's schema; None where it says nothing."""
        ref = _find_ref(document, schema)
        if ref is not None:
            return self._add_component(document, ref)
        built = self._build(document, schema, 0, ())
        if not built or built == {"type": "object"}:
            return None
        name = self._choose_name(f"{key} reply")
        self.files[name] = built
        return name

    @cached_property
    def registry(self) -> Registry[Any]:
        """The files as `$ref` finds them; asked for when all are there."""
        files = ((f"{name}.json", DRAFT202012.create_resource(schema)) for name, schema in self.files.items())
        return Registry().with_resources(files)

    def fits(self, name: str, value: Any) -> bool:
        """Whether a value fits the schema of a file."""
        validator = Draft202012Validator({"$ref": f"{name}.json"}, registry=self.registry)
        return bool(validator.is_valid(value))

    def _add_component(self, document: ApiDocument, ref: dict[str, Any]) -> str:
        identity = (id(document), str(ref["$ref"]))
        if identity not in self._names:
            name = self._choose_name(document.ref_name(ref) or "object")
            self._names[identity] = name
            self.files[name] = {}
            self.files[name] = self._build(document, document.resolve(ref), 0, (str(ref["$ref"]),))
        return self._names[identity]

    def _choose_name(self, text: str) -> str:
        stem = "-".join(split_words(text))[:80].strip("-") or "object"
        stem = stem if stem[0].isalpha() else f"object-{stem}"
        name, number = stem, 2
        while name in self.files:
            name, number = f"{stem}-{number}", number + 1
        return name

    def _build(self, document: ApiDocument, schema: Any, depth: int, same_value: tuple[str, ...]) -> dict[str, Any]:
        """Return a schema as a JSON Schema; `same_value` are the references that led to the same value."""
        ref = _find_ref(document, schema)
        if ref is not None:
            if str(ref["$ref"]) in same_value:
                return {}
            target = {"$ref": f"{self._add_component(document, ref)}.json"}
            is_nullable = document.resolve(schema).get("nullable") is True
            return {"anyOf": [target, {"type": "null"}]} if is_nullable else target
        words = document.resolve(schema)
        if depth > MAX_DEPTH or not words:
            return {}
        built: dict[str, Any] = {}
        kind = words.get("type")
        if isinstance(kind, str) and kind in _TYPES:
            built["type"] = [kind, "null"] if words.get("nullable") is True else kind
        properties = words.get("properties")
        if isinstance(properties, dict) and kind in (None, "object"):
            built.setdefault("type", ["object", "null"] if words.get("nullable") is True else "object")
            built["properties"] = {
                str(name): self._build(document, member, depth + 1, ()) for name, member in properties.items()
            }
        if isinstance(words.get("items"), dict) and kind in (None, "array"):
            built.setdefault("type", "array")
            built["items"] = self._build(document, words["items"], depth + 1, ())
        if isinstance(words.get("additionalProperties"), dict) and kind in (None, "object"):
            inner = self._build(document, words["additionalProperties"], depth + 1, ())
            if inner:
                built["additionalProperties"] = inner
        if not built:
            built = self._build_choice(document, words, depth)
        return built

    def _build_choice(self, document: ApiDocument, words: dict[str, Any], depth: int) -> dict[str, Any]:
        parts = words.get("oneOf") or words.get("anyOf")
        if not isinstance(parts, list) or any(_find_ref(document, part) for part in parts):
            return {}  # a reference to the same value could come back to itself
        built = [self._build(document, part, depth + 1, ()) for part in parts]
        return {"anyOf": built} if built and all(built) else {}


def fit_reply(words: dict[str, Any], schemas: SchemaFiles) -> bool:
    """Whether the example of an action's reply fits its schema; a schema that it does not fit goes, in place."""
    returns = words.get("returns", {})
    name = returns.get("schema")
    if name is None or ("example" in returns and schemas.fits(name, returns["example"])):
        return True
    del returns["schema"]
    return False


def _find_ref(document: ApiDocument, schema: Any) -> dict[str, Any] | None:
    """Return the reference that a schema is, directly or as its only part; None for any other."""
    if not isinstance(schema, dict):
        return None
    if isinstance(schema.get("$ref"), str):
        return schema if document.resolve(schema) else None
    parts = schema.get("allOf")
    if not isinstance(parts, list) or len(parts) != 1 or "properties" in schema or "items" in schema:
        return None
    return _find_ref(document, parts[0])
