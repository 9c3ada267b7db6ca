"""Places in a request: what the word `to` names."""

from __future__ import annotations

from typing import Annotated, NamedTuple

from connector.definition.json_path import join_path, parse_path
from connector.definition.validation.words import TextForm

LATER_PARTS = ("upload", "then")  # of inputs that go to what follows the request: the file's bytes, and another action
Place = Annotated[str, TextForm(r"""^[a-z]+(\.("([^"\\]|\\["\\])+"|[^.\s"]+))*$""")]


class RequestLocation(NamedTuple):
    """Where a value goes: the part of the request, the path in it, and whether an object is spread there."""

    part: str
    path: tuple[str, ...] = ()
    spread: bool = False

    @classmethod
    def parse(cls, to: str) -> RequestLocation:
        """Read a `to:` text such as `body.settings.audio`, `body.settings.*`, `path.userId` or `body."a.b".c`."""
        part, _, rest = to.partition(".")
        spread = rest == "*" or rest.endswith(".*")
        rest = rest[:-1].rstrip(".") if spread else rest
        path = parse_path(rest) if '"' in rest else tuple(rest.split(".") if rest else ())
        return cls(part, path, spread)

    def __str__(self) -> str:
        path = [join_path(*self.path)] if any("." in name for name in self.path) else list(self.path)
        return ".".join((self.part, *path, *(["*"] if self.spread else [])))
