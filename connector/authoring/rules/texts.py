"""Rules of what people read: sentences, links, and nothing that looks like code."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from connector.authoring.draft import Mistake

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connector.authoring.draft import Draft
    from connector.authoring.folder_reader import Sources
    from connector.definition.action import Action
    from connector.definition.manifest import Manifest
    from connector.definition.strict_yaml import Path

LONGEST = 160
_TEMPLATE = re.compile(r"\{\{|\$\{|\{%|<%|__import__")
_DATA = (("returns", "example"), ("sandbox",))  # the service's words, not ours


def help_is_a_sentence(draft: Draft[Any], _sources: Sources) -> Iterator[Mistake]:
    """A help is one sentence that fits a form: it ends with a full stop and has at most 160 characters."""
    for path, text in _helps(draft.document.data, ()):
        if not text.rstrip().endswith((".", "?", "!")):
            yield Mistake(path, "help-is-a-sentence", "end the sentence with a full stop.")
        if len(text) > LONGEST:
            message = f"{len(text)} characters; at most {LONGEST} fit a form."
            yield Mistake(path, "help-is-a-sentence", message)
        if not text[:1].isupper() and text[:1].isalpha():
            yield Mistake(path, "help-is-a-sentence", "begin the sentence with a capital letter.")


def _helps(data: Any, path: Path) -> Iterator[tuple[Path, str]]:
    """Yield each `summary`, and each `help` of an input or of what returns."""
    for word in ("summary", "help"):
        if isinstance(data.get(word), str):
            yield (*path, word), data[word]
    if isinstance(data.get("returns"), dict):
        yield from _helps(data["returns"], (*path, "returns"))
    for word in ("inputs", "connections", "triggers"):
        members = data.get(word)
        for name, one in members.items() if isinstance(members, dict) else ():
            if isinstance(one, dict):
                yield from _helps(one, (*path, word, name))


def no_templates(draft: Draft[Any], _sources: Sources) -> Iterator[Mistake]:
    """Nothing in a file is evaluated; what looks like an expression would be sent as it stands."""
    for path, text in _texts(draft.document.data, ()):
        found = _TEMPLATE.search(text)
        if found:
            message = f"{found[0]!r} looks like an expression; nothing is evaluated here, plain values only."
            yield Mistake(path, "no-templates", message)


def _texts(data: Any, path: Path) -> Iterator[tuple[Path, str]]:
    if path in _DATA:
        return
    if isinstance(data, str):
        yield path, data
    members = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for name, item in members:
        yield from _texts(item, (*path, name))


def docs_deep_link(draft: Draft[Action], _sources: Sources) -> Iterator[Mistake]:
    """`docs` leads to the very endpoint in the vendor's pages; for a raw request to any page of them."""
    docs, where = draft.model.docs, ("docs",)
    if docs is None:
        yield Mistake(where, "docs-deep-link", "say in `docs` where the vendor describes this endpoint.")
        return
    parts = _split(docs)
    if parts is None or not parts.path.strip("/"):
        yield Mistake(where, "docs-deep-link", "expected an https:// link with a path.")
    elif not draft.model.is_raw and not parts.fragment and not parts.query and parts.path.strip("/").count("/") < 1:
        yield Mistake(where, "docs-deep-link", "this leads to a section; link the page or anchor of the endpoint.")


def docs_link(draft: Draft[Manifest], _sources: Sources) -> Iterator[Mistake]:
    """The manifest's `docs` is a link."""
    if draft.model.docs is not None and _split(draft.model.docs) is None:
        yield Mistake(("docs",), "docs-deep-link", "expected an https:// link.")


def _split(url: str) -> Any:
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    return parts if parts.scheme == "https" and parts.hostname and not re.search(r"\s", url) else None
