"""The files of a connector out of the document that it was exported to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.authoring.openapi.document import EXTENSION
from connector.authoring.openapi.references import to_file
from connector.definition.case import to_kebab_case

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


_SHARED_FILES = ("types", "resources")


def is_exported(document: Mapping[str, Any]) -> bool:
    """Whether a document was written by an export, so that it has every word of a folder."""
    extension = document.get(EXTENSION)
    return isinstance(extension, dict) and isinstance(extension.get("manifest"), dict)


def restore_files(document: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the files of an exported document, which has no comments: path -> words."""
    extension = document[EXTENSION]
    files = {"manifest.yaml": extension["manifest"]}
    files |= {f"{name}.yaml": extension[name] for name in _SHARED_FILES if name in extension}
    for words in (*_iterate_operations(document), *extension.get("actions", ())):
        files[f"actions/{to_kebab_case(words['action'])}.yaml"] = words
    schemas = document.get("components", {}).get("schemas", {})
    folders = {
        "objects": {name: to_file(name, schema) for name, schema in schemas.items() if not name.startswith("input.")},
        "events": extension.get("events", {}),
        "choices": extension.get("choices", {}),
    }
    for folder, contents in folders.items():
        files |= {f"schemas/{folder}/{name}.json": content for name, content in contents.items()}
    return files


def _iterate_operations(document: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for item in document["paths"].values():
        for operation in item.values():
            if isinstance(operation, dict) and isinstance(operation.get(EXTENSION), dict):
                yield operation[EXTENSION]
