"""The body of a request: an input for each field of an object, a file, or one input for the whole."""

from __future__ import annotations

import re
from dataclasses import field
from typing import TYPE_CHECKING, Any

from connector.authoring.importing.building.schema_types import find_type
from connector.authoring.importing.building.site import NotRunnableError
from connector.definition.json_path import join_path
from connector.first_use import dataclass

if TYPE_CHECKING:
    from connector.authoring.importing.building.fields import FieldBuilder
    from connector.authoring.importing.building.words import Words
    from connector.authoring.importing.description import ApiBody, Operation

_BODYLESS_METHODS = ("GET", "HEAD", "OPTIONS")


def name_place(part: str, *names: str) -> str:
    """Return the `to` of a value: names with dots, spaces or quotes are quoted."""
    is_plain = all(re.fullmatch(r"[^.\s\"*]+", name) for name in names)
    return ".".join((part, *names)) if is_plain else f"{part}.{_quote_names(names)}"


def _quote_names(names: tuple[str, ...]) -> str:
    quoted = [
        name if re.fullmatch(r"[^.\s\"*]+", name) else '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'
        for name in names
    ]
    return ".".join(quoted)


@dataclass
class BodyWords:
    """What a body adds to an action: words, inputs by place, constants, and how lists are written."""

    words: Words = field(default_factory=dict)
    inputs: dict[str, tuple[tuple[str, ...], Words]] = field(default_factory=dict)
    constants: Words = field(default_factory=dict)
    lists: str | None = None


class ApiBodyReader:
    """Reads the body of one operation."""

    def __init__(self, fields: FieldBuilder, operation: Operation) -> None:
        self._fields, self._operation = fields, operation

    def read(self) -> BodyWords:
        """Return what the body adds to the action. Raises NotRunnableError."""
        body = self._operation.body
        if body is None:
            return BodyWords()
        if self._operation.method in _BODYLESS_METHODS:
            if body.required:
                raise NotRunnableError(f"a {self._operation.method} with a body")
            self._fields.remarks.lose("body", f"a {self._operation.method} sends no body")
            return BodyWords()
        kind = body.content_type.partition(";")[0].strip().lower()
        schema = self._fields.resolve(body.schema)
        if kind == "multipart/form-data":
            built = self._read_form(body, schema, "multipart")
        elif kind == "application/x-www-form-urlencoded":
            built = self._read_form(body, schema, "form")
        elif "json" in kind or kind in ("*/*", "undefined", "") or find_type(schema) == "object":
            built = self._read_json(body, schema, kind)
        else:
            built = self._read_whole(body, kind, "text" if _is_text(kind) else "binary")
        if self._operation.method == "DELETE" and built.inputs:
            built.words.setdefault("body", "json")
        return built

    def _read_json(self, body: ApiBody, schema: Words, kind: str) -> BodyWords:
        built = BodyWords()
        if kind.endswith("+json") or (kind.endswith("/json") and kind != "application/json"):
            built.words = (
                {"body": "json", "content_type": kind} if self._operation.method == "DELETE" else {"content_type": kind}
            )
        properties = schema.get("properties")
        names = list(map(str, properties)) if isinstance(properties, dict) else []
        if not names or find_type(schema) != "object" or any(re.fullmatch(r"\d+|\s*", name) for name in names):
            words = self._fields.build(
                body.schema,
                "body",
                place="body",
                required=self._is_required(body, schema),
                description=body.description,
                example=body.example,
            )
            built.inputs["body"] = (("body", "body"), words)
            return built
        required = self._list_required(body, schema)
        for name, member in schema["properties"].items():
            resolved = self._fields.resolve(member)
            if resolved.get("readOnly") is True:
                continue
            constant = _find_constant(resolved) if name in required else None
            if constant is not None:
                built.constants[name_place("body", name)] = constant
                continue
            words = self._fields.build(
                member, name, place=name, required=name in required, example=_get(body.example, name)
            )
            built.inputs[name_place("body", name)] = (("body", name), words)
        if not built.inputs and not built.constants:
            built.words.pop("content_type", None)
        return built

    def _is_required(self, body: ApiBody, schema: Words) -> bool:
        return body.required or bool(schema.get("required"))

    def _list_required(self, body: ApiBody, schema: Words) -> list[str]:
        names = [str(name) for name in schema.get("required") or [] if isinstance(name, str)]
        if names and not body.required:
            self._fields.remarks.ask(
                "body", "Is the body required?", f"it is not marked so, but {', '.join(names)} in it"
            )
        return names

    def _read_form(self, body: ApiBody, schema: Words, kind: str) -> BodyWords:
        built = BodyWords(words={"body": kind})
        required = self._list_required(body, schema)
        properties = schema.get("properties")
        for name, member in properties.items() if isinstance(properties, dict) else ():
            resolved = self._fields.resolve(member)
            items = self._fields.resolve(resolved.get("items"))
            if resolved.get("readOnly") is True:
                continue
            if kind == "multipart" and (_is_file(resolved) or _is_file(items)):
                if not _is_file(resolved):
                    self._fields.remarks.lose(str(name), "several files in one field; one can be given")
                words = {**self._fields.build(resolved, name, place=name, required=name in required), "type": "file"}
                for word in ("example", "suggest", "min", "max", "pattern", "format", "choices"):
                    words.pop(word, None)
                built.inputs[name_place("file", name)] = (("file", name), words)
                continue
            words = self._fields.build(
                member, name, place=name, required=name in required, example=_get(body.example, name)
            )
            built.inputs[name_place("form", name)] = (("form", name), words)
        styles = [item.get("style") for item in body.encoding.values() if isinstance(item, dict)]
        if kind == "form" and "deepObject" in styles:
            built.lists = "brackets"
        if not built.inputs:
            if body.required:
                raise NotRunnableError(f"the fields of its {kind} body are not described")
            built.words = {}
        return built

    def _read_whole(self, body: ApiBody, kind: str, body_kind: str) -> BodyWords:
        is_usual = kind in ("text/plain", "application/octet-stream") or "*" in kind or "/" not in kind
        words: Words = {"body": body_kind, **({} if is_usual else {"content_type": kind})}
        entry: Words = {
            "label": "Body" if body_kind == "text" else "File",
            "help": "The text to send." if body_kind == "text" else "The file to send.",
            "type": "text" if body_kind == "text" else "file",
        }
        if self._is_required(body, {}):
            entry["required"] = True
        if kind not in ("text/plain", "application/octet-stream"):
            self._fields.remarks.fold("body", f"a body of type {kind} is sent as it is given")
        return BodyWords(words=words, inputs={"body": (("body", "body"), entry)})


def _is_text(kind: str) -> bool:
    return kind.startswith("text/") or kind.endswith(("xml", "yaml", "csv", "ndjson", "javascript"))


def _is_file(schema: Words) -> bool:
    return schema.get("format") == "binary" or schema.get("type") == "file"


def _find_constant(schema: Words) -> Any:
    """Return the only value that a field may have, or None."""
    values = (
        schema.get("enum") if isinstance(schema.get("enum"), list) else [schema["const"]] if "const" in schema else []
    )
    return values[0] if values and len(values) == 1 and isinstance(values[0], str) and join_path(values[0]) else None


def _get(example: Any, name: str) -> Any:
    return example.get(name) if isinstance(example, dict) else None
