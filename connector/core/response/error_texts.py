"""Read what an error reply says: messages of single fields, and a reason, in the shapes that services use.

A text is only ever taken from a text of the reply, never made of a list or a mapping.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_MESSAGES = 20
_MAX_DEPTH = 8  # levels of nested fields that are read
# Names of fields without case, hyphens and underscores, the best first.
_MESSAGE_NAMES = (
    "message", "errormessage", "msg", "errmsg", "detail", "errordescription", "description", "usermessage",
    "faultstring",
)  # fmt: skip
_WEAKER_NAMES = ("title", "reason", "error", "errorcode", "code", "type")  # of an entry in a list
_REASON_NAMES = (*_MESSAGE_NAMES, "reason", "error", "title")
_REASON_PARTS = ("message", "msg", "error", "reason", "description", "detail", "explanation", "fault")
_FIELD_NAMES = (
    "field", "fields", "param", "parameter", "property", "attribute", "loc", "source", "pointer", "target", "path",
    "location",
)  # fmt: skip
_SOURCE_NAMES = ("pointer", "parameter", "header")
_ENVELOPE_NAMES = (
    "error",
    "errors",
    "errormessages",
    "fault",
    "detail",
    "details",
    "message",
    "messages",
    "data",
    "meta",
)
_GENERAL_NAMES = ("nonfielderrors", "errors", "all", "base", "general", "error", "*", "")  # errors of no single field


class FieldMessage(NamedTuple):
    """A message, and the name of the field that it is about; empty for none."""

    name: str
    text: str

    def __str__(self) -> str:
        return f"[{self.name}: {self.text}]" if self.name else f"[{self.text}]"

    def is_within(self, message: str) -> bool:
        """Whether a message says this already; a single word, the name of a field, is not said by a message with it."""
        if self.name:
            return self.text == message or str(self) in message
        return self.text == message or (" " in self.text and self.text in message)


def read_text(value: Any) -> str:
    """Return a value as a message: a text, a number, or the texts of a list or mapping; empty for none."""
    if isinstance(value, str):
        return _squeeze(value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    if isinstance(value, dict):
        return _entry_text(value, _REASON_NAMES) or " ".join(map(_to_sentence, read_field_messages(value)))
    return _join_messages(value) if isinstance(value, list) else ""


def read_code(value: Any) -> str | int | None:
    """Return a value as a code, or None for one that cannot be a code."""
    if isinstance(value, str):
        return value or None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return int(value) if isinstance(value, int) or value.is_integer() else str(value)


def read_field_messages(value: Any) -> list[FieldMessage]:
    """Return the messages of single fields: of a list, of a mapping by name, or of one text."""
    messages = _read_mapping(value, "", 0) if isinstance(value, dict) and not _is_entry(value) else _read(value, "", 0)
    return _take(messages)


def find_reason(data: Any) -> str:
    """Return the reason that an error reply most likely gives; empty where it has none."""
    return _squeeze(data) if isinstance(data, str) else _find_reason(data)


def _take(messages: Iterator[FieldMessage]) -> list[FieldMessage]:
    return [message for message, _ in zip(dict.fromkeys(messages), range(MAX_MESSAGES), strict=False)]


def _read(value: Any, name: str, depth: int) -> Iterator[FieldMessage]:
    """Yield the messages of a value: of a text, of each item of a list, of an entry, or of a mapping by name."""
    if depth > _MAX_DEPTH:
        return
    if isinstance(value, str):
        text = _squeeze(value)
        if text:
            yield FieldMessage(name, text)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            item_text = _entry_text(item, (*_MESSAGE_NAMES, *_WEAKER_NAMES)) if isinstance(item, dict) else ""
            if item_text:
                yield FieldMessage(name or _entry_name(item), item_text)
            else:
                inner = f"{name}.{index}" if name and isinstance(item, dict | list) else name
                yield from _read(item, inner, depth + 1)
    elif isinstance(value, dict):
        text = _entry_text(value, _MESSAGE_NAMES)
        if text:
            yield FieldMessage(name or _entry_name(value), text)
        else:
            yield from _read_mapping(value, name, depth)


def _read_mapping(value: dict[str, Any], name: str, depth: int) -> Iterator[FieldMessage]:
    for key, item in value.items():
        inner = name if _normalize(key) in _GENERAL_NAMES else f"{name}.{key}" if name else key
        yield from _read(item, inner, depth + 1)


def _is_entry(value: dict[str, Any]) -> bool:
    """Whether a mapping is one error, not messages by name: a message, and what it is about or its code."""
    names = {_normalize(key) for key in value}
    about = {*_FIELD_NAMES, "code", "errorcode", "type"}
    return bool(_entry_text(value, _MESSAGE_NAMES)) and not names.isdisjoint(about)


def _entry_text(entry: dict[str, Any], names: tuple[str, ...]) -> str:
    values = {_normalize(key): item for key, item in entry.items()}
    texts = (_scalar_text(values.get(name)) for name in names)
    return next(filter(None, texts), "")


def _entry_name(entry: dict[str, Any]) -> str:
    """Return the name of the field that an entry is about; empty for none."""
    values = {_normalize(key): item for key, item in entry.items()}
    return next(filter(None, (_join_name(values.get(name)) for name in _FIELD_NAMES)), "")


def _join_name(value: Any) -> str:
    if isinstance(value, dict):
        return next(filter(None, (_scalar_text(value.get(name)) for name in _SOURCE_NAMES)), "")
    if isinstance(value, list):
        return ".".join(filter(None, map(_scalar_text, value)))
    return _scalar_text(value)


def _scalar_text(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int):
        return ""
    return _squeeze(str(value))


def _find_reason(data: Any, depth: int = 0) -> str:
    """Return a reason of JSON data: the text of the field named best, else that of a nested one."""
    if depth > _MAX_DEPTH:
        return ""
    if not isinstance(data, dict):
        return _join_messages(data) if isinstance(data, list) else ""
    values = {_normalize(key): item for key, item in data.items()}
    if all(isinstance(item, list | dict) for item in values.values()) and values.keys().isdisjoint(_ENVELOPE_NAMES):
        return _join_messages(data)
    likely = [name for name in _REASON_NAMES if name in values]
    likely += [name for name in values if name not in likely and any(part in name for part in _REASON_PARTS)]
    texts = (_squeeze(values[name]) for name in likely if isinstance(values[name], str))
    nested = (_find_nested_reason(name, values[name], depth + 1) for name in likely)
    others = (
        _find_reason(item, depth + 1) for name, item in values.items() if name not in likely and isinstance(item, dict)
    )
    by_name = {key: item for key, item in data.items() if isinstance(item, list)}  # a text, such as an id, is no reason
    return next(filter(None, (*texts, *nested, *others)), "") or _join_messages(by_name)


def _find_nested_reason(name: str, value: Any, depth: int) -> str:
    """Return the reason of what is inside a field: one error, or what `errors` and `details` say by name."""
    is_by_name = name.endswith("s") and isinstance(value, dict) and not _is_entry(value)
    if is_by_name:
        return " ".join(map(_to_sentence, read_field_messages(value)))
    return _find_reason(value, depth) or (_entry_text(value, _WEAKER_NAMES) if isinstance(value, dict) else "")


def _to_sentence(message: FieldMessage) -> str:
    return str(message) if message.name else message.text


def _join_messages(value: Any) -> str:
    return " ".join(map(_to_sentence, _take(_read(value, "", 0))))


def _normalize(name: str) -> str:
    return name.lower().replace("_", "").replace("-", "")


def _squeeze(text: str) -> str:
    return " ".join(text.split())
