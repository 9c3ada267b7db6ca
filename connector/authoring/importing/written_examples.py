"""The examples that a description has of a parameter or a body, wherever they stand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.authoring.importing.document import DanglingReferenceError

if TYPE_CHECKING:
    from connector.authoring.importing.document import ApiDocument


def find_example(document: ApiDocument, node: dict[str, Any]) -> Any:
    """Return the example of a parameter or media type, or the first of its examples; None if it leads nowhere."""
    try:
        return _find_example(document, node)
    except DanglingReferenceError:
        return None


def _find_example(document: ApiDocument, node: dict[str, Any]) -> Any:
    if node.get("example") is not None:
        return _follow_example(document, node["example"])
    for written in _mapping(node.get("examples")).values():
        example = document.follow_mapping(written) if isinstance(written, dict) else {"value": written}
        if example.get("value") is not None:
            return _follow_example(document, example["value"])
    return None


def _follow_example(document: ApiDocument, example: Any) -> Any:
    """Return an example, or what it refers to: some stand among the components, where a value has no references."""
    if not isinstance(example, dict) or [*example] != ["$ref"] or not str(example["$ref"]).startswith("#/"):
        return example
    target = document.follow(example)
    return target["value"] if isinstance(target, dict) and "value" in target else target


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
