"""What a browser asks for, and what a page answers: data, so that pages can be called without a server."""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING, Any, Literal

from connector.first_use import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

PAGE_FIELD = "console"  # of each form: the console whose page it stands in


@dataclass(frozen=True, slots=True, repr=False)
class UploadedFile:
    """A file that was chosen in a form."""

    name: str
    content: bytes
    media_type: str


@dataclass(frozen=True, slots=True, repr=False)
class Visit:
    """A request of the browser: what stood in the path, in the query and in the form. A form may hold secrets."""

    path: str = "/"
    parts: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, Sequence[str]] = field(default_factory=dict)
    form: Mapping[str, Sequence[str]] = field(default_factory=dict)
    files: Mapping[str, UploadedFile] = field(default_factory=dict)

    def part(self, name: str) -> str:
        """Return a part of the path, such as `action` of `/actions/{action}`."""
        return self.parts[name]

    def asked(self, name: str) -> str:
        """Return the last value of a name in the query, without spaces around it; empty where there is none."""
        return ([*self.query.get(name, ())] or [""])[-1].strip()

    def sent(self, name: str) -> str:
        """Return the last value of a field of the form, as it was typed; empty where there is none."""
        return ([*self.form.get(name, ())] or [""])[-1]

    @property
    def is_from_page(self) -> bool:
        """Whether the form stood in a page of this console, where a person clicks."""
        return bool(self.sent(PAGE_FIELD))


@dataclass(frozen=True, slots=True)
class View:
    """A page: the name of its template, its title and what the template shows."""

    template: str
    title: str
    data: Mapping[str, Any] = field(default_factory=dict)
    status: int = 200


@dataclass(frozen=True, slots=True)
class Redirect:
    """The address of the page to show next, after a change, with a sentence about what was done."""

    to: str
    told: str = ""
    tone: Literal["done", "failed"] = "done"


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file to keep."""

    name: str
    content: bytes
    media_type: str


@dataclass(frozen=True, slots=True)
class EventStream:
    """Server-sent events, each the text of its `data`, until the browser leaves; an empty one only shows life."""

    events: Iterable[str]


Answer = View | Redirect | Attachment | EventStream
