"""What a merge did, in sentences: what came, what stayed, and where the vendor now says something else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.authoring.importing.merge.folder_merge import MANIFEST
from connector.authoring.importing.merge.three_way import Absent
from connector.core.redaction import preview
from connector.definition.json_path import join_path
from connector.first_use import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connector.authoring.importing.merge.folder_merge import FileChange, MergePlan
    from connector.authoring.importing.merge.three_way import WordNote


@dataclass(frozen=True, slots=True)
class MergeReport:
    """The sentences of a merge, each beginning with a file; `conflicts` and `remarks` are for a person to decide."""

    updated: tuple[str, ...]
    kept: tuple[str, ...]
    conflicts: tuple[str, ...]
    proposals: tuple[str, ...]
    remarks: tuple[str, ...]

    @classmethod
    def build(cls, plan: MergePlan) -> MergeReport:
        """Return the report of a plan."""
        words = {path: one for path, one in plan.files.items() if path != MANIFEST}
        manifest = {path: one for path, one in plan.files.items() if path == MANIFEST}
        return cls(
            tuple(_describe_all(words, "updated")),
            tuple(_describe_all(words, "kept")),
            tuple(_describe_all(words, "conflicts")),
            (*_describe_all(manifest, "updated"), *_describe_all(manifest, "conflicts")),
            tuple(f"{path}: {one.remark}" for path, one in plan.files.items() if one.remark),
        )


def _describe_all(files: dict[str, FileChange], name: str) -> Iterator[str]:
    for path, one in files.items():
        notes: list[WordNote] = getattr(one.merged, name) if one.merged else []
        for note in notes:
            yield f"{path}: {join_path(*note.path)} {_describe(note, name)}"


def _describe(note: WordNote, name: str) -> str:
    ours, vendors = _show(note.ours), _show(note.vendors)
    if name == "updated" and not ours:
        return f"is new: {vendors}."
    if name == "updated":
        return f"was {ours}; it becomes {vendors}." if vendors else f"was {ours}; the vendor has it no more."
    if name == "kept":
        return f"stays {ours}." if ours else "stays removed."
    news = f"the vendor now says {vendors}." if vendors else "the vendor has it no more."
    return f"stays {ours}; {news}" if ours else f"stays removed; {news}"


def _show(value: Any) -> str:
    return "" if isinstance(value, Absent) else preview(value)
