"""Work out an event's key: deliveries with one key are copies of one event."""

from __future__ import annotations

import codecs
import hashlib
import json
import re
from collections.abc import Mapping
from functools import lru_cache, partial
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from pydantic_core import PydanticSerializationError, to_json

from connector.core.json_path import get_at, remove_at
from connector.definition.json_path import parse_reply_path

if TYPE_CHECKING:
    from connector.definition.json_path import ReplyPath
    from connector.definition.trigger import Trigger

HeaderValues = Mapping[str, list[str]]  # all values of the headers that a trigger reads, by lower-case name
_dump = json.JSONEncoder(sort_keys=True, separators=(",", ":"), check_circular=False).encode
_get_name = itemgetter(0)


class KeyBuilder:
    """Builds the keys of a trigger's events, as its `dedupe` says.

    A key is made of the event's id where the event has all parts of one. Otherwise it is made of everything that the
    delivery says - the body, and what the trigger reads from headers - without the parts that are known to change.
    So only what differs in nothing else is taken for a copy.
    """

    def __init__(self, name: str, trigger: Trigger) -> None:
        rules, fields = trigger.identity, trigger.event
        self._trigger_name = name
        id_places = [parse_reply_path(path) for path in rules.id]
        is_of_delivery = fields.each is not None and all(place.header for place in id_places)
        self._id_places = [] if is_of_delivery else id_places  # no id of a delivery tells its events apart
        ignored_places = [parse_reply_path(path) for path in rules.ignore.paths]
        ignored_headers = {place.header for place in ignored_places}
        self._ignored_paths = [place.segments for place in ignored_places if place.header is None]
        self._ignored_query = _compile_query_pattern(rules.ignore.query)
        in_text = _compile_query_pattern([_dump(name)[1:-1] for name in rules.ignore.query])
        self._ignored_query_in_text = re.compile(in_text.pattern.encode()) if in_text else None
        self._ignored_fields = frozenset(rules.ignore.fields)
        sort_fields = partial(_sort_fields, self._ignored_fields)
        self._decoder = json.JSONDecoder(parse_int=str, parse_float=str, object_pairs_hook=sort_fields)
        places = [parse_reply_path(path) for path in (fields.name, fields.at, fields.account, fields.object) if path]
        header_places = [*places, *(parse_reply_path(path) for path in fields.subject)]
        self._event_headers = sorted({place.header for place in header_places if place.header} - ignored_headers)
        self.header_names = {place.header for place in (*self._id_places, *header_places) if place.header}

    def build_key(self, body: bytes, data: dict[str, Any], name: str, headers: HeaderValues) -> str:
        """Return the key of an event: a hash, the same for each delivery of the event; `data` is the body's, parsed."""
        id_parts = [read_place(data, place, headers) for place in self._id_places]
        if id_parts and all(map(_is_id_part, id_parts)):
            return _hash(_dump([self._trigger_name, name, "id", *map(to_id_text, id_parts)]).encode())
        try:
            text = self._normalize(body, data)
        except (ValueError, RecursionError):  # lists within lists, a thousand deep: its bytes tell it apart
            return self._hash_content(name, "bytes", headers, hashlib.sha256(body).hexdigest().encode())
        return self._hash_content(name, "body", headers, text)

    def build_raw_key(self, body: bytes, headers: HeaderValues) -> str:
        """Return the key of what is no event: its bytes tell it apart."""
        return self._hash_content("", "bytes", headers, hashlib.sha256(body).hexdigest().encode())

    def _hash_content(self, name: str, basis: str, headers: HeaderValues, content: bytes) -> str:
        event_headers = [tuple(headers.get(header, ())) for header in self._event_headers]
        return _hash(_dump_head(self._trigger_name, name, basis, *event_headers) + content)

    def _normalize(self, body: bytes, data: Any) -> bytes:
        """Return a body as one text for each way to write it, without the parts that change.

        Numbers are texts of their digits: none is rounded, and one that is sent as a text is equal to it. The data of
        the body has them, unless a number may be written in several ways; then the body is read once more.
        """
        try:
            data = _sort_data(self._ignored_fields, data)
        except (_DigitsLostError, RecursionError):  # the decoder goes deeper
            data = self._decoder.decode(body.removeprefix(codecs.BOM_UTF8).decode())
        for path in self._ignored_paths:
            data = remove_at(data, path)
        text = _dump_sorted(data)
        in_text = self._ignored_query_in_text
        if in_text and _may_have_query(text) and in_text.search(text):  # else it is not worth to look at each value
            text = _dump_sorted(self._strip_urls(data))
        return text

    def _strip_urls(self, value: Any) -> Any:
        """Return a value without the parameters of URLs that change, at any depth."""
        if isinstance(value, dict):
            return {name: self._strip_urls(item) for name, item in value.items()}
        if isinstance(value, list):
            return [self._strip_urls(item) for item in value]
        if self._ignored_query and isinstance(value, str) and value.startswith(("https://", "http://")):
            return self._ignored_query.sub(r"\1", value)
        return value


@lru_cache(maxsize=64)
def _dump_head(*parts: str | tuple[str, ...]) -> bytes:
    """Return what a key is made of beside the body: mostly the name of the event, of which there are few."""
    return _dump(parts).encode()


def _dump_sorted(data: Any) -> bytes:
    """Return data, whose fields are sorted, as `_dump` writes it; by a faster encoder, where both write the same.

    They differ in what is not ASCII, in the last character that is, and in how deep they go.
    """
    try:
        text = to_json(data)
    except PydanticSerializationError:
        return _dump(data).encode()
    return text if text.isascii() and b"\x7f" not in text else _dump(data).encode()


def _may_have_query(text: bytes) -> bool:
    """Whether a text may have a URL with parameters: far cheaper than to search it for their names."""
    return (b"?" in text or b"&" in text or b"#" in text) and b"://" in text


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


class _DigitsLostError(Exception):
    """A number whose value does not tell its digits: a zero may have been -0, and what is not whole is rounded."""


def _sort_data(ignored: frozenset[str], value: Any) -> Any:
    """Return parsed JSON as the decoder of keys would. Raises _DigitsLostError."""
    kind = type(value)
    if kind is dict:
        return {
            name: item if type(item := value[name]) is str else _sort_data(ignored, item)
            for name in sorted(value)
            if name not in ignored
        }
    if kind is list:
        return [_sort_data(ignored, item) for item in value]
    if kind is int and value:
        return str(value)
    if kind is int or kind is float:
        raise _DigitsLostError
    return value


def _sort_fields(ignored: frozenset[str], fields: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return the fields of a JSON object by name, without those that change; of two with one name, the last."""
    return {name: item for name, item in sorted(fields, key=_get_name) if name not in ignored}


def read_place(data: Any, place: ReplyPath | None, headers: HeaderValues) -> Any:
    """Return the value at a place of a delivery: in its body, or in a header that appears once; or None."""
    if place is None:
        return None
    if place.header is None:
        return get_at(data, place.segments)
    values = headers.get(place.header, ())
    return values[0] if len(values) == 1 else None


def to_id_text(value: Any) -> str:
    """Convert a value to text; a number and its text are equal, as services send IDs as either."""
    return value if isinstance(value, str) else repr(value)


def _is_id_part(value: Any) -> bool:
    return value is not None and value != "" and not isinstance(value, dict | list)


def _compile_query_pattern(names: list[str]) -> re.Pattern[str] | None:
    """Return the pattern of these parameters of a URL; its group is what stands before one."""
    return re.compile(rf"([?&#])(?:{'|'.join(map(re.escape, names))})=[^&#]*&?") if names else None
