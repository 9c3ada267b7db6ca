"""Rules of `returns.partial`: it has an effect, and a reply of the file has what its paths name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.authoring.draft import Violation
from connector.core.json_path import get_at_path, has_path

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connector.authoring.draft import ParsedFile
    from connector.authoring.folder_reader import ConnectorFolder
    from connector.definition.action import Action
    from connector.definition.parsers.strict_yaml import NodePath
    from connector.definition.replies.partial_failure import PartialFailure

RULE = "partial"
_PLACE: NodePath = ("returns", "partial")


def check_failed_parts(file: ParsedFile[Action], _folder: ConnectorFolder) -> Iterator[Violation]:
    """Check that what a reply says of failed parts is read, and stands where the file says."""
    returns = file.model.returns
    if returns.partial is None:
        return
    if returns.type not in ("json", "xml"):
        message = f"it is read of JSON and XML, and the reply is {returns.type}."
        yield Violation(_PLACE, "no-effect", message, key=True)
        return
    yield from _check_words(returns.partial)
    yield from _check_paths(returns.partial, _list_bodies(file.model))


def _check_words(words: PartialFailure) -> Iterator[Violation]:
    """Check that the words belong together."""
    if words.items is None and not isinstance(words.failed, str):
        message = "say in `items` where the reply has the entries that have these values."
        yield Violation((*_PLACE, "failed"), RULE, message)
    if words.items is not None and words.done is not None:
        message = "`items` has an entry for each thing, so that what was done is counted; remove it."
        yield Violation((*_PLACE, "done"), "no-effect", message, key=True)
    signs = {} if isinstance(words.failed, str) else words.failed
    if not signs and not isinstance(words.failed, str):
        yield Violation((*_PLACE, "failed"), RULE, "name a place and its values: {success: [false]}.")
    for path, values in signs.items():
        if not values:
            yield Violation((*_PLACE, "failed", path), RULE, "list the values that show a failure.", key=True)


def _check_paths(words: PartialFailure, bodies: list[Any]) -> Iterator[Violation]:
    """Check that some body has each path; of entries, some entry."""
    path = words.list_path
    lists = [get_at_path(body, path) for body in bodies if path is not None and has_path(body, path)]
    if path is None or not bodies:
        return
    if not lists:
        word = "items" if words.items is not None else "failed"
        yield Violation(
            (*_PLACE, word), RULE, f"no reply of the file has {path!r}; correct it, or add one in `replies`."
        )
        return
    if words.done is not None and not any(has_path(body, words.done) for body in bodies):
        yield Violation((*_PLACE, "done"), RULE, f"no reply of the file has {words.done!r}; correct it, or add one.")
    if words.items is not None and not any(isinstance(listed, list) for listed in lists):
        yield Violation((*_PLACE, "items"), RULE, f"{path!r} is no list.")
        return
    entries = [entry for listed in lists for entry in (listed if isinstance(listed, list) else [listed])]
    for place, inner in _iter_entry_paths(words) if entries else ():
        if not any(has_path(entry, inner) for entry in entries):
            yield Violation(place, RULE, f"no entry of a reply of the file has {inner!r}; correct it, or add one.")


def _iter_entry_paths(words: PartialFailure) -> Iterator[tuple[NodePath, str]]:
    """Yield where a path into an entry stands, and the path."""
    if words.items is not None:
        signs = [words.failed] if isinstance(words.failed, str) else list(words.failed)
        for sign in signs:
            yield ((*_PLACE, "failed") if isinstance(words.failed, str) else (*_PLACE, "failed", sign)), sign
    for word in ("code", "message"):
        path = getattr(words, word)
        if path is not None:
            yield (*_PLACE, word), path


def _list_bodies(action: Action) -> list[Any]:
    recorded = [reply.body for reply in action.replies if reply.status in range(200, 300)]
    return [body for body in (action.returns.example, *recorded) if isinstance(body, dict | list)]
