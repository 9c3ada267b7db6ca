"""Which file of a folder an imported action is: it is matched by request line, and keeps the key that it has."""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING, Any

from connector.authoring.importing.merge.files import read_text
from connector.definition.case import to_kebab_case
from connector.definition.parsers import strict_yaml
from connector.errors import DefinitionError
from connector.first_use import dataclass, prepare_pattern

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from connector.authoring.importing.merge.record import FileRecord

_CALLERS = ("choices_from", "poll", "then", "login", "test")  # words that name another action
_ACTION_FILE = prepare_pattern(r"actions/[^/]+\.yaml\Z")


@dataclass(frozen=True, slots=True)
class ActionPlaces:
    """Where each request line has its file; `foreign` are files that no import wrote, and `keys` those that changed."""

    paths: dict[str, str]
    foreign: dict[str, str]
    bases: dict[str, FileRecord]
    keys: dict[str, str] = field(default_factory=dict)  # the key that an import proposes -> the one in the folder


def place_actions(folder: Path, proposed: Mapping[str, str], bases: dict[str, FileRecord]) -> ActionPlaces:
    """Return the path of each action; `proposed` is request line -> key. Raises OSError.

    An action that the author gave another key, and so another file, is found there by its request line.
    """
    bases = dict(bases)
    on_disk = {f"actions/{path.name}" for path in folder.glob("actions/*.yaml")}
    own = _index_by_request(folder, on_disk - bases.keys())
    recorded = {record.request: path for path, record in bases.items() if record.request is not None}
    places = ActionPlaces({}, {}, bases)
    for request in proposed:
        path = recorded.get(request)
        if path is not None and path not in on_disk and request in own:
            bases[own[request]] = bases.pop(path)
            path = own[request]
        if path is not None:
            places.paths[request] = path
        elif request in own:
            places.foreign[request] = own[request]
    taken = on_disk | bases.keys() | set(places.paths.values())
    for request, key in proposed.items():
        if request not in places.paths and request not in places.foreign:
            free = next(name for name in (key, *(f"{key}{n}" for n in range(2, 999))) if _to_path(name) not in taken)
            places.paths[request] = _to_path(free)
            taken.add(_to_path(free))
        path = places.paths.get(request) or places.foreign[request]
        if path != _to_path(key):
            places.keys[key] = _read_key(folder, path) or _to_key(path)
    return places


def respell_actions(words: Any, keys: Mapping[str, str]) -> Any:
    """Return words with the keys of actions that the folder has, wherever they name one."""
    if not keys:
        return words
    if isinstance(words, list):
        return [respell_actions(item, keys) for item in words]
    if not isinstance(words, dict):
        return words
    result = {key: respell_actions(value, keys) for key, value in words.items()}
    for caller in _CALLERS:
        called = result.get(caller)
        if isinstance(called, dict) and isinstance(called.get("action"), str):
            result[caller] = {**called, "action": keys.get(called["action"], called["action"])}
    return result


def is_action_file(path: str) -> bool:
    """Whether a path in a connector's folder is that of an action."""
    return _ACTION_FILE.match(path) is not None


def _to_path(key: str) -> str:
    return f"actions/{to_kebab_case(key)}.yaml"


def _to_key(path: str) -> str:
    first, *rest = path.removeprefix("actions/").removesuffix(".yaml").split("-")
    return first + "".join(word.capitalize() for word in rest)


def _index_by_request(folder: Path, paths: Iterable[str]) -> dict[str, str]:
    """Return request line -> path of files that can be read; a broken one is nobody's."""
    index: dict[str, str] = {}
    for path in sorted(paths):
        request = _read_words(folder, path).get("request")
        if isinstance(request, str):
            index[request] = path
    return index


def _read_key(folder: Path, path: str) -> str | None:
    key = _read_words(folder, path).get("action")
    return key if isinstance(key, str) else None


def _read_words(folder: Path, path: str) -> dict[str, Any]:
    try:
        data = strict_yaml.read((read_text(folder / path) or "").encode(), path).data
    except (DefinitionError, UnicodeDecodeError):
        return {}
    return data if isinstance(data, dict) else {}
