"""Rules of texts: sentences, links, and nothing that looks like a template."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from connector.authoring.draft import Violation
from connector.authoring.rules.inputs.named_types import get_written_types
from connector.first_use import prepare_pattern

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connector.authoring.draft import ParsedFile
    from connector.authoring.folder_reader import ConnectorFolder
    from connector.definition.action import Action
    from connector.definition.manifest import Manifest
    from connector.definition.parsers.strict_yaml import NodePath

MAX_HELP_LENGTH = 160
_TEMPLATE_PATTERN = prepare_pattern(r"\{\{|\$\{|\{%|<%|__import__")
_SERVICE_DATA = (
    ("returns", "example"),
    ("replies",),
    ("errors", "replies"),
    ("resources",),
    ("sandbox",),
)  # texts of the service


def check_help_sentences(file: ParsedFile[Any], _folder: ConnectorFolder) -> Iterator[Violation]:
    """Check that helps and summaries are sentences of at most 160 characters."""
    for path, text in _iter_helps(file.document.data, ()):
        yield from _check_sentence(path, text)


def _check_sentence(path: NodePath, text: str) -> Iterator[Violation]:
    if not text.rstrip().endswith((".", "?", "!")):
        yield Violation(path, "help-is-a-sentence", "end the sentence with a full stop.")
    if len(text) > MAX_HELP_LENGTH:
        message = f"got {len(text)} characters; expected at most {MAX_HELP_LENGTH}."
        yield Violation(path, "help-is-a-sentence", message)
    if not text[:1].isupper() and text[:1].isalpha():
        yield Violation(path, "help-is-a-sentence", "begin the sentence with a capital letter.")


def _iter_helps(data: Any, path: NodePath) -> Iterator[tuple[NodePath, str]]:
    """Yield each `summary`, and each `help` of an input or reply."""
    for word in ("summary", "help"):
        if isinstance(data.get(word), str):
            yield (*path, word), data[word]
    if isinstance(data.get("returns"), dict):
        yield from _iter_helps(data["returns"], (*path, "returns"))
    for word in ("inputs", "connections", "triggers", "fields", "variants"):
        members = data.get(word)
        for name, member in members.items() if isinstance(members, dict) else ():
            if isinstance(member, dict):
                yield from _iter_helps(member, (*path, word, name))


def check_type_helps(file: ParsedFile[Any], _folder: ConnectorFolder) -> Iterator[Violation]:
    """Check that helps of the members of named types are sentences."""
    types, start = get_written_types(file)
    for name in types:
        members = file.document.data
        for step in (*start, name):
            members = members.get(step, {})
        for path, text in _iter_helps({"fields": members}, ()):
            yield from _check_sentence((*start, name, *path[1:]), text)


def check_no_templates(file: ParsedFile[Any], _folder: ConnectorFolder) -> Iterator[Violation]:
    """Check that no text looks like an expression, which would be sent as it is."""
    for path, text in _iter_texts(file.document.data, ()):
        match = _TEMPLATE_PATTERN.search(text)
        if match:
            message = f"{match[0]!r} looks like an expression, but nothing is evaluated; write a plain value."
            yield Violation(path, "no-templates", message)


def _iter_texts(data: Any, path: NodePath) -> Iterator[tuple[NodePath, str]]:
    if path in _SERVICE_DATA:
        return
    if isinstance(data, str):
        yield path, data
    members = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for name, item in members:
        yield from _iter_texts(item, (*path, name))


def check_docs_deep_link(file: ParsedFile[Action], _folder: ConnectorFolder) -> Iterator[Violation]:
    """Check that `docs` links to the endpoint's own page; a raw request may link to any."""
    docs, path = file.model.docs, ("docs",)
    if docs is None:
        yield Violation(path, "docs-deep-link", "add `docs`: a link to the vendor's page about this endpoint.")
        return
    parts = _split_https_url(docs)
    if parts is None or not parts.path.strip("/"):
        yield Violation(path, "docs-deep-link", "expected an https:// link with a path.")
    elif not file.model.is_raw and not parts.fragment and not parts.query and parts.path.strip("/").count("/") < 1:
        yield Violation(path, "docs-deep-link", "this links to a section; link to the page or anchor of the endpoint.")


def check_docs_link(file: ParsedFile[Manifest], _folder: ConnectorFolder) -> Iterator[Violation]:
    """Check that the manifest's `docs` is a link."""
    if file.model.docs is not None and _split_https_url(file.model.docs) is None:
        yield Violation(("docs",), "docs-deep-link", "expected an https:// link.")


def _split_https_url(url: str) -> Any:
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    return parts if parts.scheme == "https" and parts.hostname and not re.search(r"\s", url) else None
