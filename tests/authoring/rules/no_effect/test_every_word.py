"""Every word of the format either does something wherever it may stand, or lint tells where it does nothing."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import TYPE_CHECKING, Any

import pytest
from support.format_words import idle_in_actions, idle_in_manifests
from support.format_words.idle_in_manifests import Idle
from support.format_words.words import list_words

from connector.authoring.lint import lint

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

ENTRIES = {**idle_in_manifests.ENTRIES, **idle_in_actions.ENTRIES}
IDLE = {
    f"{model}.{word}": entry
    for model, words in ENTRIES.items()
    for word, entry in words.items()
    if isinstance(entry, Idle)
}
MANIFEST = {
    "format": 1,
    "connector": "shelf",
    "label": "Shelf",
    "summary": "Keep books.",
    "base_url": "https://api.shelf.example",
    "allowed_hosts": ["api.shelf.example"],
}
ACTION = {
    "action": "listBooks",
    "label": "List Books",
    "summary": "List the books.",
    "request": "GET /books",
    "pagination": {"style": "none", "items": "."},
    "returns": {"example": [{"id": "bk_1"}]},
}


def merge(base: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return a file with changes; None removes a word."""
    merged = dict(base)
    for word, value in changes.items():
        if value is None:
            merged.pop(word, None)
        elif isinstance(value, dict) and isinstance(merged.get(word), dict):
            merged[word] = merge(merged[word], value)
        else:
            merged[word] = deepcopy(value)
    return merged


def find_errors(folder: Path, manifest: Mapping[str, Any], action: Mapping[str, Any]) -> set[tuple[str, str]]:
    (folder / "actions").mkdir(exist_ok=True)
    (folder / "manifest.yaml").write_text(json.dumps(manifest))
    (folder / "actions" / "list-books.yaml").write_text(json.dumps(action))
    return {(finding.rule, finding.message) for finding in lint(folder) if finding.voice == "error"}


@pytest.mark.parametrize("name", IDLE)
def test_a_word_is_told_where_it_does_nothing(tmp_path: Path, name: str) -> None:
    entry = IDLE[name]
    files = {"manifest": merge(MANIFEST, entry.manifest), "action": merge(ACTION, entry.action)}
    before = find_errors(tmp_path, **files)
    file, *path = entry.place.split()
    change = entry.value
    for word in reversed(path):
        change = {word: change}
    after = find_errors(tmp_path, **{**files, file: merge(files[file], change)})
    assert after - before, f"{entry.place} says nothing, and lint nothing of it; before: {before}"


def test_every_word_that_may_be_left_out_has_its_entry() -> None:
    known = {f"{model}.{word}" for model, words in ENTRIES.items() for word in words}
    assert known == {str(word) for word in list_words(optional=True)}


def test_a_number_that_makes_no_list_is_told(tmp_path: Path) -> None:
    one = {"label": "One", "help": "One.", "type": "string", "to": "body.0.name", "example": "a"}
    action = merge(ACTION, {"request": "POST /books", "pagination": None, "inputs": {"one": one}})
    assert ("place", "a body that is a list is given whole: `to: body`.") in find_errors(tmp_path, MANIFEST, action)
