"""Rules of a file as a whole: what it is called, and the order of its words."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from connector.authoring.draft import Mistake
from connector.definition.fields import kebab

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from connector.authoring.draft import Draft
    from connector.authoring.folder_reader import Sources
    from connector.definition.action import Action
    from connector.definition.manifest import Manifest
    from connector.definition.strict_yaml import Path

ACTION_WORDS = (
    "action", "label", "summary", "docs", "scopes", "rate", "request", "connections", "subaccount", "repeatable",
    "always", "sends", "form_nesting", "lists", "inputs", "any_of", "pages", "downloads",
    "returns", "examples",
)  # fmt: skip
INPUT_WORDS = (
    "label", "help", "group", "type", "required", "default", "suggest", "hidden", "choices", "choices_open",
    "choices_from", "choices_file", "min", "max", "pattern", "looks", "ahead", "needs", "not_with", "join", "encode",
    "to", "aliases", "example",
)  # fmt: skip


def file_name(draft: Draft[Action], sources: Sources) -> Iterator[Mistake]:
    """An action's file is called after its key, so that no two files have one key."""
    key, stem = draft.model.action, draft.file.stem
    if kebab(key) == stem:
        return
    twin = next((one for one in sources.actions if one.model.action == key and one.file != draft.file), None)
    more = f" {twin.where(('action',))} has this key too." if twin else ""
    yield Mistake(("action",), "file-name", f"the file of {key!r} is called {kebab(key)}.yaml.{more}")


def word_order(draft: Draft[Action], _sources: Sources) -> Iterator[Mistake]:
    """Words stand in one order in every file, so that a reader finds them."""
    data = draft.document.data
    yield from _ordered((), list(data), ACTION_WORDS)
    yield from _inputs_ordered((), data)


def word_order_of_fields(draft: Draft[Manifest], _sources: Sources) -> Iterator[Mistake]:
    """The inputs of connections and triggers follow the order of an action's inputs."""
    for kind in ("connections", "triggers"):
        members = draft.document.data.get(kind)
        for name, data in members.items() if isinstance(members, dict) else ():
            yield from _inputs_ordered((kind, name), data)


def _inputs_ordered(path: Path, data: object) -> Iterator[Mistake]:
    inputs = data.get("inputs") if isinstance(data, dict) else None
    for key, spec in (inputs if isinstance(inputs, dict) else {}).items():
        if isinstance(spec, dict):
            yield from _ordered((*path, "inputs", key), list(spec), INPUT_WORDS)


def _ordered(path: Path, words: list[str], order: Sequence[str]) -> Iterator[Mistake]:
    """Tell the first word that stands too late."""
    known = [word for word in words if word in order]
    for before, word in pairwise(known):
        if order.index(word) < order.index(before):
            late = next(one for one in known if order.index(one) > order.index(word))
            yield Mistake((*path, word), "word-order", f"{word!r} stands before {late!r}.", key=True)
            return
