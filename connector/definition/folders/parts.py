"""Parts of a manifest that may stand in files of their own beside it, where they are many."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from connector.definition.inputs.named_types import TypesFile, link_fields, link_types
from connector.definition.resource import ResourcesFile
from connector.errors import Finding

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from connector.definition.manifest import Manifest

Part: TypeAlias = TypesFile | ResourcesFile
TYPES_FILE, RESOURCES_FILE = "types.yaml", "resources.yaml"
_PARTS: dict[str, tuple[str, type[Part]]] = {
    "types": (TYPES_FILE, TypesFile),
    "resources": (RESOURCES_FILE, ResourcesFile),
}


def add_parts(
    folder: Path, manifest: Manifest, read: Callable[[Path, type[Part]], Part | None]
) -> tuple[Manifest, list[Finding]]:
    """Return the manifest with the parts in files of their own, its named types linked; and what is in both places.

    `read` reads a file; None stands for one that cannot be read.
    """
    findings = []
    for word, (name, model_class) in _PARTS.items():
        path = folder / name
        part = read(path, model_class) if path.is_file() else None
        if part is not None and getattr(manifest, word):
            message = f"the manifest has `{word}` too; keep them in one place."
            findings.append(Finding(str(path), 1, 1, "file", message))
        elif part is not None:
            manifest = manifest.model_copy(update={word: part.root})
    link_types(manifest.types)
    link_fields(manifest.types, manifest.inputs.values())
    return manifest, findings
