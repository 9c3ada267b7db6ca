"""The paths of a definition into JSON: `data.items.0."@odata.id"`, and `header.X` where a header can say it.

A path is names joined with dots. A number is a position in a list (or a name, where the data has a mapping there), a
name with a dot or a quote is written in quotes, and `.` is the data itself. There are no wildcards and no expressions.
A delivery of a webhook has places beside its data too: `query.x`, and `part.x` of the header with its signature.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Annotated, NamedTuple

from connector.definition.validation.words import TextForm
from connector.first_use import prepare_pattern

_SEGMENT_PATTERN = r"""(?:"(?:[^"\\]|\\["\\])+"|[^\s."'\[\]{}()*?$\\]+)"""
_SEGMENT = prepare_pattern(_SEGMENT_PATTERN)
_PATH_PATTERN = rf"\.|{_SEGMENT_PATTERN}(?:\.{_SEGMENT_PATTERN})*"
_HEADER_NAME_PATTERN = r"[A-Za-z0-9!#$%&'*+.^_`|~-]+"  # RFC 9110, 5.6.2
_FOREIGN = {
    "[": 'write a position in a list as a number between dots: errors.0.code; quote a name with brackets: "a[b]"',
    "*": "wildcards do not exist; name one position: errors.0.code",
    "$": "a path begins with a name: data.items",
    "'": 'quote a name with double quotes: "@odata.nextLink"',
}
_FORM = 'expected names joined with dots, such as data.items or errors.0.code; quote a name with a dot: "a.b"'
HEADER = "header"
_QUERY_NAME = prepare_pattern(r"[^\s&=#?]+")
_PART_NAME = prepare_pattern(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")


class PathSyntaxError(ValueError):
    """A text that is no path; the message says what is expected."""


class ReplyPath(NamedTuple):
    """Where a reply has a value: in its data, or in the header of this name."""

    segments: tuple[str, ...] = ()
    header: str | None = None


@lru_cache(maxsize=4096)
def parse_path(text: str) -> tuple[str, ...]:
    """Return the names of a path into JSON; none for `.`. Raises PathSyntaxError."""
    if text == ".":
        return ()
    segments: list[str] = []
    position = 0
    while match := _SEGMENT.match(text, position):
        part = match[0]
        segments.append(re.sub(r"\\(.)", r"\1", part[1:-1]) if part[0] == '"' else part)
        position = match.end()
        if position == len(text):
            return tuple(segments)
        if text[position] != ".":
            break
        position += 1
    sign = text[position : position + 1]
    raise PathSyntaxError(f"{_FOREIGN.get(sign, _FORM)}, not {text[:80]!r}")


@lru_cache(maxsize=4096)
def parse_reply_path(text: str) -> ReplyPath:
    """Return the place that a path names in a reply: `header.X`, or a path into its data. Raises PathSyntaxError."""
    part, dot, name = text.partition(".")
    if part == HEADER and dot:
        if re.fullmatch(_HEADER_NAME_PATTERN, name) is None:
            raise PathSyntaxError(f"expected header.X with the name of a header, not {text[:80]!r}")
        return ReplyPath(header=name.lower())
    return ReplyPath(parse_path(text))


class DeliveryPlace(NamedTuple):
    """A place in a delivery: at most one of header, query and part is set, else it is in the body."""

    segments: tuple[str, ...] = ()
    header: str | None = None
    query: str | None = None
    part: str | None = None


@lru_cache(maxsize=1024)
def parse_delivery_path(text: str) -> DeliveryPlace:
    """Return the place of `header.X`, of `query.x`, or of a path into the body. Raises PathSyntaxError."""
    kind, dot, name = text.partition(".")
    if kind == "query" and dot:
        if _QUERY_NAME.fullmatch(name) is None:
            raise PathSyntaxError(f"expected query.x with the name of a parameter, not {text[:80]!r}")
        return DeliveryPlace(query=name)
    segments, header = parse_reply_path(text)
    return DeliveryPlace(segments, header)


@lru_cache(maxsize=1024)
def parse_delivery_place(text: str) -> DeliveryPlace:
    """Return the place of `header.X`, `query.x`, `body.x` or `part.x`. Raises PathSyntaxError."""
    kind, _, name = text.partition(".")
    if kind == "body" and name:
        return DeliveryPlace(parse_path(name))
    if kind == "part" and _PART_NAME.fullmatch(name):
        return DeliveryPlace(part=name)
    if kind in ("header", "query") and name:
        return parse_delivery_path(text)
    raise PathSyntaxError(f"expected header.X, query.x or body.x, not {text[:80]!r}")


def join_path(*names: str) -> str:
    """Return the path of these names, quoted where they need it; `.` for none."""
    return ".".join(map(_quote, names)) or "."


def _quote(name: str) -> str:
    if _SEGMENT.fullmatch(name) and name[0] != '"':
        return name
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _check_path(text: str) -> str:
    parse_path(text)
    return text


def _check_reply_path(text: str) -> str:
    parse_reply_path(text)
    return text


_DATA_PATTERN = f"^(?:{_PATH_PATTERN})$"
_REPLY_PATTERN = rf"^(?:(?!header\.)(?:{_PATH_PATTERN})|header\.{_HEADER_NAME_PATTERN})$"
PARSERS = {_DATA_PATTERN: parse_path, _REPLY_PATTERN: parse_reply_path}  # by the pattern that the schemas name


JsonPath = Annotated[str, TextForm(_DATA_PATTERN, min_length=1, check=_check_path)]
DataOrHeaderPath = Annotated[str, TextForm(_REPLY_PATTERN, min_length=1, check=_check_reply_path)]
