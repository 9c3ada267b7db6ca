"""The merge of a folder: which files an import creates, changes, removes and leaves, and the record of it."""

from __future__ import annotations

import re
from dataclasses import field, replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, Literal

from connector.authoring.importing.merge.action_keys import is_action_file, place_actions, respell_actions
from connector.authoring.importing.merge.file_merge import Merged, merge_file, pin_words, rewrite_file
from connector.authoring.importing.merge.files import read_text, write_text
from connector.authoring.importing.merge.manifest_site import add_servers, describe_missing_servers
from connector.authoring.importing.merge.own_words import has_own_resources, list_own_events
from connector.authoring.importing.merge.record import FileRecord, ImportRecord
from connector.authoring.importing.merge.words import digest_text, digest_words, find_root_level
from connector.definition.action import Action
from connector.definition.folders.parts import RESOURCES_FILE
from connector.definition.manifest import Manifest
from connector.definition.parsers import strict_yaml
from connector.errors import UsageError
from connector.first_use import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping
    from pathlib import Path

    Render = Callable[[str, dict[str, Any]], str]  # the path of a file, and its words -> its text

Change = Literal["created", "updated", "deleted", "none"]
MANIFEST, EVENTS_FOLDER = "manifest.yaml", "schemas/events/"
_MAX_NAMED = 5


@dataclass(frozen=True, slots=True)
class NewFile:
    """A file as an import makes it: its words, and the request line of an action."""

    words: dict[str, Any]
    request: str | None = None


@dataclass(frozen=True, slots=True)
class FileChange:
    """What becomes of one file: `text` is None where it goes, or is not there; `remark` is about the whole file."""

    change: Change
    text: str | None
    record: FileRecord | None
    merged: Merged | None = None
    remark: str | None = None


@dataclass(frozen=True, slots=True)
class MergePlan:
    """All that an import changes in a folder. Nothing is written before `apply`."""

    folder: Path
    files: dict[str, FileChange]
    before: ImportRecord
    record: ImportRecord

    @property
    def changes(self) -> dict[str, FileChange]:
        """The files that are written or deleted; none where the folder is as an import would leave it."""
        return {path: one for path, one in self.files.items() if one.change != "none"}

    def apply(self) -> None:
        """Write and delete the files. Raises OSError; after an interruption the same import can be run again.

        What is going to be written is recorded before, so that a file which has it already is not taken for an
        author's.
        """
        changes = self.changes
        unfinished = {
            path: replace(one.record, written=digest_text(one.text))
            for path, one in changes.items()
            if one.record is not None and one.text is not None
        }
        if changes:
            replace(self.before, unfinished=unfinished).write(self.folder)
        for path, one in changes.items():
            if one.text is None:
                (self.folder / path).unlink(missing_ok=True)
            else:
                write_text(self.folder / path, one.text)
        if changes or self.record != self.before:
            self.record.write(self.folder)


@dataclass(slots=True)
class _FolderMerge:
    folder: Path
    bases: dict[str, FileRecord]
    render: Render
    files: dict[str, FileChange] = field(default_factory=dict)

    def add(self, path: str, new: NewFile) -> None:
        """Plan a file that the import makes."""
        text, base = read_text(self.folder / path), self.bases.get(path)
        level = find_root_level(path)
        words = pin_words(base.words, new.words, level=level) if base else new.words
        new_text = self.render(path, words)
        record = FileRecord(digest_text(new_text), digest_words(words, level), new.request)
        if text is None:
            self.files[path] = _create(path, new_text, record, base)
        elif base is None:
            lacking = describe_missing_servers(text, words) if path == MANIFEST else ""
            self.files[path] = _adopt(text, new_text, record, lacking)
        elif path == MANIFEST and self.has_actions:
            self.files[path] = _merge_manifest(text, base, words)
        elif path == MANIFEST and digest_text(text) == base.text:
            self.files[path] = self._complete_manifest(text, words)
        elif digest_text(text) == base.text:
            merged = rewrite_file(text, base.words, words, new_text, level)
            self.files[path] = _change(text, merged, record)
        else:
            model = Action if is_action_file(path) else None
            merged = merge_file(text, base.words, new.words, level=level, model=model)
            record = base if merged.problem else replace(record, words=merged.words)
            self.files[path] = _change(text, merged, record)

    @property
    def has_actions(self) -> bool:
        """Whether an earlier import brought actions; without them, there were webhooks alone, and nobody's manifest."""
        return any(base.request is not None for base in self.bases.values())

    def _complete_manifest(self, text: str, words: dict[str, Any]) -> FileChange:
        """Return the change of a manifest of webhooks alone: it gets the words of the API, and keeps its others."""
        own = strict_yaml.read(text.encode(), MANIFEST).data
        both = {**words, **{word: value for word, value in own.items() if word not in words}}
        after = self.render(MANIFEST, both)
        record = FileRecord(digest_text(after), digest_words(words, find_root_level(MANIFEST)))
        return FileChange("none" if after == text else "updated", after, record)

    def remove(self, path: str, base: FileRecord) -> None:
        """Plan a file that an import made and the vendor has no more: it goes, unless an author changed it."""
        text = read_text(self.folder / path)
        if text is None:
            return
        if digest_text(text) == base.text:
            self.files[path] = FileChange("deleted", None, None, remark="the vendor has it no more.")
        else:
            remark = "the vendor has it no more; it stays, because you changed it."
            self.files[path] = FileChange("none", text, None, remark=remark)

    def keep_referenced_schemas(self) -> None:
        """Keep the schemas that remaining files of an author name, though the vendor has them no more."""
        candidates = {path for path, one in self.files.items() if one.change == "deleted" and path.endswith(".json")}
        texts = self._read_own_texts() if candidates else []
        while texts:
            text = texts.pop()
            for path in sorted(candidates):
                if re.search(rf"(?<![\w-]){re.escape(PurePosixPath(path).stem)}(?![\w-])", text):
                    candidates.discard(path)
                    kept = read_text(self.folder / path) or ""
                    remark = "the vendor has it no more; it stays, because a file of yours names it."
                    self.files[path] = FileChange("none", kept, self.bases[path], remark=remark)
                    texts.append(kept)

    def _read_own_texts(self) -> list[str]:
        """Return the texts of files that have an author's words."""
        found = [path.relative_to(self.folder).as_posix() for path in self.folder.glob("actions/*.yaml")]
        found += [path.relative_to(self.folder).as_posix() for path in self.folder.glob("schemas/objects/*.json")]
        plans = {path: self.files.get(path) for path in [*found, MANIFEST]}
        texts = [
            one.text if one else read_text(self.folder / path)
            for path, one in plans.items()
            if one is None
            or (one.text is not None and (one.record is None or one.record.text != digest_text(one.text)))
        ]
        return [text for text in texts if text is not None]


def plan_merge(
    folder: Path,
    new_files: Mapping[str, NewFile],
    record: ImportRecord,
    render: Render,
    *,
    unselected: Collection[str] = (),
) -> MergePlan:
    """Plan what an import does to a folder; `new_files` are by path, and `record` is what is to be recorded.

    `unselected` are request lines that the description has and this import leaves out on purpose. Raises OSError,
    DefinitionError for a broken record, and UsageError for an import that leaves out what an earlier one brought.
    """
    before = ImportRecord.read(folder) or ImportRecord()
    bases = before.list_bases(folder)
    _check_selection(folder, bases, set(unselected))
    keys = {one.request: one.words["action"] for one in new_files.values() if one.request is not None}
    places = place_actions(folder, keys, bases)
    merge = _FolderMerge(folder, places.bases, render)
    for path, one in _leave_out_own_events(folder, new_files, bases).items():
        words = respell_actions(one.words, places.keys)
        if path == RESOURCES_FILE and has_own_resources(folder / MANIFEST):
            merge.files[path] = FileChange("none", None, None, remark="your manifest has the resources; they stay.")
        elif one.request is None:
            merge.add(path, replace(one, words=words))
        elif one.request in places.foreign:
            own = places.foreign[one.request]
            text = read_text(folder / own)
            merge.files[own] = FileChange("none", text, None, remark=f"it is yours, and has {one.request}; it stays.")
        else:
            key = places.keys.get(words["action"], words["action"])
            merge.add(places.paths[one.request], replace(one, words={**words, "action": key}))
    for path, base in places.bases.items():
        if path not in merge.files and _is_described(path, new_files):
            merge.remove(path, base)
        elif path not in merge.files:
            merge.files[path] = FileChange("none", read_text(folder / path), base)
    merge.keep_referenced_schemas()
    records = {path: one.record for path, one in merge.files.items() if one.record is not None}
    if any(not _is_described(path, new_files) for path in places.bases):
        record = record.beside(before)
    return MergePlan(folder, merge.files, before, replace(record, files=records, unfinished={}))


def _is_described(path: str, new_files: Mapping[str, NewFile]) -> bool:
    """Whether an import speaks of a kind of file: without webhooks not of events, of webhooks alone only of these."""
    has_events = any(other.startswith(EVENTS_FOLDER) for other in new_files)
    if path.startswith(EVENTS_FOLDER):
        return has_events
    return not has_events or any(one.request is not None for one in new_files.values())


def _leave_out_own_events(
    folder: Path, new_files: Mapping[str, NewFile], bases: dict[str, FileRecord]
) -> dict[str, NewFile]:
    """Return the files without the events that an author's own files have, and without files that are empty then."""
    own = list_own_events(folder, bases)
    kept = {}
    for path, one in new_files.items():
        words = {name: word for name, word in one.words.items() if own.get(name, path) == path}
        is_events = path.startswith(EVENTS_FOLDER)
        if words or not is_events:
            kept[path] = replace(one, words=words) if is_events else one
    return kept


def _check_selection(folder: Path, bases: dict[str, FileRecord], unselected: set[str]) -> None:
    """Raise UsageError where an import selects less than an earlier one, whose actions would go as the vendor's do.

    A base URL may have or lack the beginning of a path that the description has, so the end of a path is compared.
    """
    missing = sorted(
        base.request
        for path, base in bases.items()
        if base.request is not None and (folder / path).exists() and _is_among(base.request, unselected)
    )
    if not missing:
        return
    named = ", ".join(missing[:_MAX_NAMED]) + (f" and {len(missing) - _MAX_NAMED} more" if missing[_MAX_NAMED:] else "")
    raise UsageError(
        f"{folder} has actions that this import leaves out: {named}.",
        hint="Select them too; or delete their files first: what you delete does not come back.",
    )


def _is_among(request: str, others: set[str]) -> bool:
    """Whether a request line is one of several, apart from what paths begin with."""
    method, _, path = request.partition(" ")
    pairs = (other.partition(" ")[::2] for other in others)
    return request in others or any(
        method == verb and (path.endswith(place) or place.endswith(path)) for verb, place in pairs
    )


def _create(path: str, text: str, record: FileRecord, base: FileRecord | None) -> FileChange:
    if base is not None and path != MANIFEST:
        return FileChange("none", None, record, remark="you deleted it; it stays away.")
    return FileChange("created", text, record)


def _adopt(text: str, new_text: str, record: FileRecord, lacking: str = "") -> FileChange:
    """Return the change of a file that no import wrote: none; one that is the same counts as imported."""
    if digest_text(text) == digest_text(new_text):
        return FileChange("none", text, record)
    return FileChange("none", text, None, remark=f"no import wrote it; it stays as it is. {lacking}".strip())


def _merge_manifest(text: str, base: FileRecord, words: dict[str, Any]) -> FileChange:
    """Return the change of a manifest that an import wrote: it gets the servers that it lacks; the rest is proposed."""
    now = add_servers(text, base.words, words)
    merged = merge_file(now.text, now.recorded, words, model=Manifest)
    written = digest_text(now.text) if digest_text(text) == base.text else base.text
    record = replace(base, text=written, words=now.recorded)
    change: Change = "none" if now.text == text else "updated"
    return FileChange(change, now.text, record, replace(merged, text=now.text), now.remark)


def _change(text: str, merged: Merged, record: FileRecord) -> FileChange:
    return FileChange("none" if merged.text == text else "updated", merged.text, record, merged, merged.problem)
