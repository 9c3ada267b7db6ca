"""Shared inputs: an input of an action that says `use` has the words of an input of the manifest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.definition.parsers.strict_yaml import Document
from connector.definition.suggest import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from connector.definition.parsers.strict_yaml import NodePath
    from connector.errors import Finding

RULE = "shared-input"
_UNKNOWN = {"label": "-", "help": "-", "type": "string", "to": "query.-"}  # so that nothing else is told of it


def complete_inputs(document: Document, shared: Mapping[str, Any]) -> Document:
    """Return the document of an action with the words of the shared inputs that it uses; positions stay."""
    data = document.data
    if not any(_iterate_uses(data)):
        return document
    inputs = {
        key: {**shared.get(field["use"], _UNKNOWN), **field} if _is_use(field) else field
        for key, field in data["inputs"].items()
    }
    return Document(document.source, {**data, "inputs": inputs}, document.value_positions, document.key_positions)


def find_unknown_uses(document: Document, shared: Mapping[str, Any]) -> dict[NodePath, Finding]:
    """Return a finding, by its path, for each input that uses one that the manifest does not have."""
    findings: dict[NodePath, Finding] = {}
    for key, name in _iterate_uses(document.data):
        if name not in shared:
            path: NodePath = ("inputs", key, "use")
            message = f"the manifest has no input {name!r} to use.{did_you_mean(name, shared)}"
            findings[path] = document.build_finding(path, RULE, message)
    return findings


def _iterate_uses(data: Any) -> Iterator[tuple[str, str]]:
    """Yield the key of each input that uses a shared one, and the name of that."""
    inputs = data.get("inputs") if isinstance(data, dict) else None
    for key, field in inputs.items() if isinstance(inputs, dict) else ():
        if _is_use(field):
            yield key, field["use"]


def _is_use(field: Any) -> bool:
    return isinstance(field, dict) and isinstance(field.get("use"), str)
