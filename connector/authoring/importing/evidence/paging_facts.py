"""What an operation says about paging: parameters, members of the reply beside the list, headers, and words."""

from __future__ import annotations

import re
from functools import cached_property
from typing import TYPE_CHECKING, Any

from connector.authoring.importing.evidence.listing import find_list, may_list
from connector.authoring.importing.evidence.paging_names import (
    NUMBER_PARAMETERS,
    OFFSET_PARAMETERS,
    SIZE_PARAMETERS,
    squash,
)
from connector.authoring.importing.evidence.shapes import NestedMember, Shape, is_json, iter_members, read_shape
from connector.definition.inputs.request_location import RequestLocation
from connector.first_use import dataclass, prepare_pattern

if TYPE_CHECKING:
    from collections.abc import Iterable

    from connector.authoring.importing.description import Operation
    from connector.authoring.importing.evidence.listing import ListPath

_LINK_HEADER = prepare_pattern(r"`?\blink\b`?.{0,25}\bheader|\bheader.{0,25}`?\blink\b", re.IGNORECASE)
_URL_WORDS = prepare_pattern(r"\b(url|uri|link|href|address)s?\b", re.IGNORECASE)
_TOKEN_WORDS = prepare_pattern(r"\b(token|cursor|marker|opaque|id)\b", re.IGNORECASE)
_PAGEABLE = frozenset({*SIZE_PARAMETERS, *NUMBER_PARAMETERS, *OFFSET_PARAMETERS, "cursor", "pagetoken", "marker"})


@dataclass(frozen=True, slots=True)
class PagingParameter:
    """A parameter that may have to do with paging."""

    name: str
    location: RequestLocation
    shape: Shape
    description: str

    @property
    def place(self) -> str:
        """Its place, as `to` says it."""
        return str(self.location)

    @property
    def is_number(self) -> bool:
        """Whether it takes a number."""
        return self.shape.kind in ("integer", "number")

    @property
    def is_time(self) -> bool:
        """Whether it takes a moment: a range of time begins with it, not a page."""
        said = re.search(r"\b(date|time|epoch|timestamp)\b", self.description, re.IGNORECASE)
        return self.shape.words.get("format") in ("date", "date-time") or bool(said)


@dataclass(frozen=True)
class PagingFacts:
    """What one operation says about paging."""

    operation: Operation
    parameters: tuple[PagingParameter, ...]
    items: ListPath | None

    @classmethod
    def collect(cls, operation: Operation) -> PagingFacts:
        """Collect the facts of an operation."""
        parameters = tuple(_list_parameters(operation)) if may_list(operation) else ()
        is_pageable = any(squash(parameter.name) in _PAGEABLE for parameter in parameters)
        return cls(operation, parameters, find_list(operation, is_pageable=is_pageable))

    @cached_property
    def by_name(self) -> dict[str, PagingParameter]:
        """The parameters by their squashed names: those of the query before those of the body."""
        found: dict[str, PagingParameter] = {}
        for parameter in self.parameters:
            found.setdefault(squash(parameter.name), parameter)
        return found

    @cached_property
    def members(self) -> tuple[NestedMember, ...]:
        """The members of the reply that are not of the list."""
        reply = self.operation.success
        if reply is None or self.items == () or not is_json(reply.content_type):
            return ()
        document, items = self.operation.document, self.items or ()
        members = iter_members(document, read_shape(document, reply.schema))
        return tuple(member for member in members if member.path[: len(items)] != items)

    @cached_property
    def headers(self) -> dict[str, str]:
        """The headers of the reply: squashed name -> name."""
        reply = self.operation.success
        return {squash(name): name for name in reply.headers} if reply else {}

    @cached_property
    def tells_link_header(self) -> bool:
        """Whether the reply has a Link header, or a description speaks of it."""
        reply = self.operation.success
        texts = [self.operation.description, reply.description if reply else ""]
        texts += [parameter.description for parameter in self.parameters]
        return "link" in self.headers or any(_LINK_HEADER.search(text) for text in texts)

    def find_parameter(self, names: Iterable[str]) -> PagingParameter | None:
        """Return the first parameter of these names."""
        return next((self.by_name[name] for name in names if name in self.by_name), None)

    def find_member(self, names: Iterable[str], kinds: tuple[str, ...]) -> NestedMember | None:
        """Return the outermost member of the first of these names that has one of these kinds."""
        for name in names:
            found = [m for m in self.members if squash(m.name) == name and m.shape.kind in kinds]
            forward = [m for m in found if not re.search(r"prev|before", ".".join(m.path), re.IGNORECASE)]
            if forward:
                return min(forward, key=lambda member: len(member.path))
        return None


def _list_parameters(operation: Operation) -> list[PagingParameter]:
    document = operation.document
    found = [
        PagingParameter(
            parameter.name,
            RequestLocation("query", (parameter.name,)),
            read_shape(document, parameter.schema),
            parameter.description or str(document.resolve(parameter.schema).get("description") or ""),
        )
        for parameter in operation.parameters
        if parameter.place == "query"
    ]
    body = operation.body
    if operation.method == "POST" and body is not None and is_json(body.content_type):
        shape = read_shape(document, body.schema)
        found += [
            PagingParameter(member.name, RequestLocation("body", member.path), member.shape, member.shape.description)
            for member in iter_members(document, shape, depth=2)
            if member.shape.kind not in ("object", "array")
        ]
    return found


def looks_like_url(member: NestedMember) -> bool:
    """Whether a member of a reply is a URL rather than a cursor: by format, example or words."""
    example: Any = member.shape.example
    if member.shape.words.get("format") in ("uri", "url", "uri-reference"):
        return True
    if isinstance(example, str) and example:
        return example.startswith(("http:", "https:", "/", "?"))
    text = member.shape.description
    return bool(_URL_WORDS.search(text)) and not _TOKEN_WORDS.search(text)


def looks_like_cursor(member: NestedMember) -> bool:
    """Whether words, kind or example say that a member is a cursor."""
    example = member.shape.example
    has_other_example = isinstance(example, str) and bool(example) and not looks_like_url(member)
    says_token = bool(_TOKEN_WORDS.search(member.shape.description)) and not _URL_WORDS.search(member.shape.description)
    return member.shape.kind == "integer" or has_other_example or says_token
