"""The merge of one file: the author's text, what was recorded of it, and the words that the vendor has now."""

from __future__ import annotations

import json
from dataclasses import field, replace
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from connector.authoring.importing.merge.marks import MarkedText
from connector.authoring.importing.merge.spelling import (
    match_authors_inputs,
    match_vendors_inputs,
    respell,
    respell_path,
)
from connector.authoring.importing.merge.splice import SpliceError, splice
from connector.authoring.importing.merge.three_way import ThreeWayMerge, WordNote
from connector.authoring.importing.merge.words import Level, digest_words, is_mapping_of_words
from connector.definition.parsers import strict_yaml
from connector.errors import DefinitionError
from connector.first_use import dataclass

if TYPE_CHECKING:
    from connector.authoring.importing.merge.spelling import Spelling
    from connector.authoring.importing.merge.words import Digests, Path
    from connector.definition.validation.strict_model import StrictModel


@dataclass(frozen=True, slots=True)
class Merged:
    """One file after the merge; `problem` says why it stayed as it is, where it could not be merged."""

    text: str
    words: Digests  # to record: the vendor's, in the author's spelling
    kept: list[WordNote] = field(default_factory=list)
    updated: list[WordNote] = field(default_factory=list)
    conflicts: list[WordNote] = field(default_factory=list)
    problem: str | None = None


def merge_file(
    existing_text: str,
    recorded: Digests,
    new_words: dict[str, Any],
    *,
    level: Level = Level.WORDS,
    model: type[StrictModel] | None = None,
) -> Merged:
    """Merge a YAML or JSON file. A word that nobody touched follows the vendor, and an author's word stays.

    A file that is valid by its model is valid after the merge too, or stays as it is.
    """
    text = existing_text.replace("\r\n", "\n")
    try:
        data = strict_yaml.read(text.encode(), "existing").data
    except DefinitionError as error:
        return Merged(existing_text, recorded, problem=f"it cannot be read: {error.findings[0].message}")
    if not is_mapping_of_words(data, level):
        return Merged(existing_text, recorded, problem="it is not a mapping.")
    marked = None if _is_json(text) else MarkedText(text)
    merged, after = _merge_words(data, recorded, new_words, level, marked)
    if not merged.updated:
        return replace(merged, text=existing_text)
    if model and _is_valid(data, model) and not _is_valid(after, model):
        problem = "with the author's words, the vendor's make no valid file."
        return Merged(existing_text, recorded, merged.kept, [], [*merged.conflicts, *merged.updated], problem)
    try:
        text = splice(marked, data, after) if marked else json.dumps(after, ensure_ascii=False, indent=2) + "\n"
    except SpliceError as error:
        return Merged(existing_text, recorded, merged.kept, [], [*merged.conflicts, *merged.updated], str(error))
    return replace(merged, text=text.replace("\n", "\r\n") if "\r\n" in existing_text else text)


def _merge_words(
    data: dict[str, Any], recorded: Digests, new_words: dict[str, Any], level: Level, marked: MarkedText | None
) -> tuple[Merged, dict[str, Any]]:
    """Merge in the spelling of the record; return what became of the words, and the file's data after it."""
    to_record = match_authors_inputs(data, recorded, level)
    to_ours = to_record.invert()
    ours = respell(data, to_record, level)
    vendors = respell(new_words, match_vendors_inputs(new_words, recorded, ours, level), level)
    merge = ThreeWayMerge(_Permissions(marked, to_ours))
    after = respell(merge.merge(ours, recorded, vendors, level), to_ours, level)
    kept, updated, conflicts = (_respell_notes(some, to_ours) for some in (merge.kept, merge.updated, merge.conflicts))
    return Merged("", digest_words(respell(vendors, to_ours, level), level), kept, updated, conflicts), after


def rewrite_file(
    existing_text: str, recorded: Digests, new_words: dict[str, Any], new_text: str, level: Level
) -> Merged:
    """Return a file that has no word of an author, as the vendor's words make it."""
    if existing_text.replace("\r\n", "\n") == new_text:
        return Merged(existing_text, digest_words(new_words, level))
    data = strict_yaml.read(existing_text.encode(), "existing").data
    merged, _ = _merge_words(data, recorded, new_words, level, None)
    return Merged(new_text, digest_words(new_words, level), updated=merged.updated or [WordNote((), data, new_words)])


def pin_words(recorded: Digests, new_words: dict[str, Any], *, level: Level = Level.WORDS) -> dict[str, Any]:
    """Return the vendor's words with the keys of inputs that were recorded."""
    pinned: dict[str, Any] = respell(new_words, match_vendors_inputs(new_words, recorded, {}, level), level)
    return pinned


@dataclass(frozen=True, slots=True)
class _Permissions:
    """What the marks of a file allow, at paths in the spelling of the record; JSON has no comments and allows all."""

    marked: MarkedText | None
    to_ours: Spelling

    def may_change(self, path: Path) -> bool:
        return self.marked is None or self.marked.may_change(respell_path(path, self.to_ours))

    def may_replace(self, path: Path) -> bool:
        return self.marked is None or self.marked.may_replace(respell_path(path, self.to_ours))

    def may_remove(self, path: Path) -> bool:
        return self.marked is None or self.marked.may_remove(respell_path(path, self.to_ours))


def _is_valid(data: Any, model: type[StrictModel]) -> bool:
    try:
        model.model_validate(data)
    except ValidationError:
        return False
    return True


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def _respell_notes(notes: list[WordNote], spelling: Spelling) -> list[WordNote]:
    return [replace(note, path=respell_path(note.path, spelling)) for note in notes] if spelling else notes
