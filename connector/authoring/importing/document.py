"""One API description, and how its references are followed."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urljoin, urlsplit

from referencing import Registry, Resource, Specification
from referencing.exceptions import Unresolvable

from connector.authoring.importing import swagger
from connector.authoring.importing.evidence.other_formats import name_data, name_text
from connector.authoring.importing.lenient_reader import read_text
from connector.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

_MOST_START = 4000  # bytes that tell what a file is
_MAX_HOPS = 30  # references to references, and parts of parts


class DanglingReferenceError(ValueError):
    """A reference that leads nowhere; the message says which."""


class ApiDocument:
    """The root file of a description and what it refers to, below its folder alone.

    `data` is OpenAPI 3 whatever was read: Swagger 2.0 is brought into the same shape.
    """

    def __init__(self, data: dict[str, Any], *, source: str = "-", folder: Path | None = None) -> None:
        self.source = source
        self.data = swagger.upgrade(data) if "swagger" in data else data
        self._folder = folder.resolve() if folder else None
        root = Specification.OPAQUE.create_resource(self.data)
        registry: Any = Registry  # its own types know no arguments
        self._registry: Registry[Any] = registry(retrieve=self._retrieve).with_resource("", root)
        self._files: dict[str, Resource[Any]] = {}
        self._targets: dict[str, Any] = {}
        self._resolved: dict[str, dict[str, Any]] = {}

    @classmethod
    def read(cls, path: Path) -> ApiDocument:
        """Read a description from a file. Raises UsageError."""
        try:
            raw = path.read_bytes()
        except OSError as error:
            raise UsageError(f"{path} cannot be read: {error.strerror or error}.") from None
        return cls.parse(raw, source=str(path), folder=path.parent)

    @classmethod
    def parse(cls, raw: bytes, *, source: str = "-", folder: Path | None = None) -> ApiDocument:
        """Read a description from its text; without a folder, it refers to no other file. Raises UsageError."""
        kind = name_text(raw[:_MOST_START].decode("utf-8-sig", errors="replace"))
        data = None if kind else read_text(raw, source)
        if not isinstance(data, dict) or not ({"openapi", "swagger"} & data.keys()):
            kind = kind or name_data(data)
            reason = (
                f"it is {kind}" if kind else "it has neither `openapi` nor `swagger`" if raw.strip() else "it is empty"
            )
            hint = "OpenAPI 3.0, 3.1 and Swagger 2.0 are read."
            raise UsageError(f"{source} is no OpenAPI description: {reason}.", hint=hint)
        return cls(data, source=source, folder=folder)

    @property
    def title(self) -> str:
        """The title of the API, or an empty text."""
        info = self.data.get("info")
        return str(info.get("title") or "") if isinstance(info, dict) else ""

    def follow(self, node: Any) -> Any:
        """Return what a node with a `$ref` refers to, or the node itself. Raises DanglingReferenceError."""
        for _ in range(_MAX_HOPS):
            if not isinstance(node, dict) or not isinstance(node.get("$ref"), str):
                return node
            node = self._find_target(node["$ref"])
        raise DanglingReferenceError(f"{node.get('$ref')} refers to itself")

    def follow_mapping(self, node: Any) -> dict[str, Any]:
        """Return what a node with a `$ref` refers to, or the node itself, empty where that is no mapping."""
        target = self.follow(node)
        return target if isinstance(target, dict) else {}

    def ref_name(self, schema: Any) -> str | None:
        """Return the name of the component that a schema refers to, directly or as its only part; or None."""
        if not isinstance(schema, dict):
            return None
        if isinstance(schema.get("$ref"), str):
            path, _, fragment = schema["$ref"].partition("#")
            name = (fragment or path).rstrip("/").rsplit("/", 1)[-1]
            return unquote(name).replace("~1", "/").replace("~0", "~").removesuffix(".yml").removesuffix(".yaml")
        parts = [part for word in ("allOf", "oneOf", "anyOf") for part in _list_parts(schema, word)]
        named = [part for part in parts if part.get("type") != "null"]
        return self.ref_name(named[0]) if len(named) == 1 and "properties" not in schema else None

    def read_members(self, schema: dict[str, Any]) -> dict[str, Any]:
        """Return the members of an object as it writes them; some descriptions have a reference in their place."""
        written = schema.get("properties")
        members = dict(written) if isinstance(written, dict) else {}
        ref = members.get("$ref")
        if isinstance(ref, str):
            del members["$ref"]
            with suppress(DanglingReferenceError):
                members = {**self.follow_mapping({"$ref": ref}), **members}
        return {name: one for name, one in members.items() if isinstance(one, dict | bool)}

    def resolve(self, schema: Any) -> dict[str, Any]:
        """Return a schema without its outer `$ref` and `allOf`; what is within is as it stands.

        Where it may be null, by any of the ways to say so, it has `nullable: true` and the type beside null; a choice
        of one schema is that schema. What refers to itself, or nowhere, is any value.
        """
        return self._resolve(schema, ())

    def _resolve(self, schema: Any, trail: tuple[str, ...]) -> dict[str, Any]:
        if not isinstance(schema, dict):
            return {"not": {}} if schema is False else {}
        ref = schema.get("$ref")
        if isinstance(ref, str):
            if ref in trail or len(trail) > _MAX_HOPS:
                return {}
            if ref not in self._resolved:
                try:
                    target = self._find_target(ref)
                except DanglingReferenceError:
                    target = {}
                self._resolved[ref] = self._resolve(target, (*trail, ref))
            siblings = {word: value for word, value in schema.items() if word != "$ref"}
            base = self._resolved[ref]
            return _merge(base, self._resolve(siblings, trail)) if siblings else base
        members = schema.get("properties", {})
        is_behind = not isinstance(members, dict) or isinstance(members.get("$ref"), str)
        words: dict[str, Any] = {**schema, "properties": self.read_members(schema)} if is_behind else schema
        if not any(word in words for word in ("allOf", "oneOf", "anyOf")) and not isinstance(words.get("type"), list):
            return words
        return self._flatten(words, trail)

    def _flatten(self, schema: dict[str, Any], trail: tuple[str, ...]) -> dict[str, Any]:
        flat = {word: value for word, value in schema.items() if word != "allOf"}
        for word in ("oneOf", "anyOf"):
            parts = _list_parts(schema, word)
            if not parts:
                continue
            others = [part for part in parts if part.get("type") != "null" and part.get("enum") != [None]]
            if len(others) < len(parts):
                flat["nullable"] = True
                flat[word] = others
            if len(others) == 1:
                del flat[word]
                flat = _merge(self._resolve(others[0], trail), flat)
        types = flat.get("type")
        if isinstance(types, list):
            kinds = [kind for kind in types if kind != "null"]
            if len(kinds) < len(types):
                flat["nullable"] = True
            flat["type"] = kinds[0] if len(kinds) == 1 else kinds
        merged: dict[str, Any] = {}
        for part in _list_parts(schema, "allOf"):
            merged = _merge(merged, self._resolve(part, trail))
        return _merge(merged, flat) if merged else flat

    def _find_target(self, ref: str) -> Any:
        if ref not in self._targets:
            try:
                self._targets[ref] = self._registry.resolver().lookup(ref).contents
            except (Unresolvable, UsageError, ValueError, TypeError, LookupError, AttributeError) as error:
                raise DanglingReferenceError(f"{ref} leads nowhere: {type(error).__name__}") from None
        return self._targets[ref]

    def _retrieve(self, uri: str) -> Resource[Any]:
        if uri not in self._files:
            self._files[uri] = self._read_file(uri)
        return self._files[uri]

    def _read_file(self, uri: str) -> Resource[Any]:
        """Read another file of the description, with its references made relative to the root's folder."""
        parts = urlsplit(uri)
        if self._folder is None or parts.scheme or parts.netloc:
            raise DanglingReferenceError(f"{uri} is not a file beside the description")
        path = (self._folder / unquote(parts.path)).resolve()
        if not path.is_relative_to(self._folder):
            raise DanglingReferenceError(f"{uri} is outside the folder of the description")
        data = read_text(path.read_bytes(), uri)
        return Specification.OPAQUE.create_resource(_rebase(data, uri, set()))


def _list_parts(schema: dict[str, Any], word: str) -> list[dict[str, Any]]:
    parts = schema.get(word)
    return [part for part in parts if isinstance(part, dict)] if isinstance(parts, list) else []


def _merge(base: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """Return both schemas as one: members and required names of both, other words as in the second."""
    merged = {**base, **other}
    for word in ("properties", "patternProperties"):
        if isinstance(base.get(word), dict) and isinstance(other.get(word), dict):
            merged[word] = {**base[word], **other[word], **_merge_members(base[word], other[word])}
    if isinstance(base.get("required"), list) and isinstance(other.get("required"), list):
        merged["required"] = list(dict.fromkeys([*map(str, base["required"]), *map(str, other["required"])]))
    if base.get("type") == "object" and other.get("type") is None:
        merged["type"] = "object"
    return merged


def _merge_members(base: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """Return the members that two schemas describe in other words: each is what both say."""
    return {
        name: {"allOf": [base[name], member]}
        for name, member in other.items()
        if isinstance(member, dict) and isinstance(base.get(name), dict) and base[name] != member
    }


def _rebase(node: Any, base: str, seen: set[int]) -> Any:
    """Make the references of another file relative to the root's folder, in place."""
    if id(node) in seen:
        return node
    if isinstance(node, dict | list):
        seen.add(id(node))
    if isinstance(node, dict):
        ref = node.get("$ref")
        if isinstance(ref, str):
            node["$ref"] = base + ref if ref.startswith("#") else urljoin(base, ref)
    for value in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        _rebase(value, base, seen)
    return node
