"""The keys of inputs as one side spells them: an author may rename an input, and so may the rules of an import.

An input is the same on both sides when it goes to the same place (`to`). A merge is made in the spelling of the record
and put back in the author's: in the inputs, and in all that refers to them.
"""

from __future__ import annotations

from dataclasses import field
from typing import Any

from connector.authoring.importing.merge.words import Level, Path, digest_word, find_level_below
from connector.first_use import dataclass

_REFERENCES = ("requires", "conflicts_with")


@dataclass(slots=True)
class Spelling:
    """Keys of a group of inputs -> their other spelling, and the same of groups within, by the first spelling."""

    keys: dict[str, str] = field(default_factory=dict)
    inner: dict[str, Spelling] = field(default_factory=dict)

    def spell(self, key: str) -> str:
        """Return the other spelling of a key of this group."""
        return self.keys.get(key, key)

    def invert(self) -> Spelling:
        """Return the way back."""
        return Spelling(
            {new: old for old, new in self.keys.items()},
            {self.spell(key): inner.invert() for key, inner in self.inner.items()},
        )

    def __bool__(self) -> bool:
        return any(key != other for key, other in self.keys.items()) or any(map(bool, self.inner.values()))


_SAME = Spelling()


def match_authors_inputs(written: Any, recorded: Any, level: Level) -> Spelling:
    """Return the spelling that leads from the keys of the author's tree to those of the record."""
    return _match(written, recorded, None, level)


def match_vendors_inputs(written: Any, recorded: Any, ours: Any, level: Level) -> Spelling:
    """Return the spelling that leads from the keys of an import to those of the record.

    `ours` is the author's tree in the spelling of the record: a new input whose key is used there gets another.
    """
    return _match(written, recorded, _as_mapping(ours), level)


def _match(written: Any, recorded: Any, ours: dict[str, Any] | None, level: Level) -> Spelling:
    spelling = Spelling()
    if not isinstance(written, dict):
        return spelling
    recorded = _as_mapping(recorded)
    if level is Level.INPUTS:
        match = _match_authors_keys(written, recorded) if ours is None else _match_vendors_keys(written, recorded, ours)
        spelling.keys = match
    for key, value in written.items():
        name, below = spelling.spell(key), find_level_below(level, key)
        if isinstance(value, dict) and below is not Level.WHOLE:
            ours_below = None if ours is None else _as_mapping(ours.get(name))
            inner = _match(value, recorded.get(name), ours_below, below)
            if inner:
                spelling.inner[key] = inner
    return spelling


def _match_authors_keys(written: dict[str, Any], recorded: dict[str, Any]) -> dict[str, str]:
    """Return the record's key of each input: the same key, else that of an input that went to the same place."""
    places = {digest: key for key, words in recorded.items() if (digest := _as_mapping(words).get("to"))}
    keys = {key: key for key in written if key in recorded}
    for key, one in written.items():
        name = places.get(_digest_place(key, one), key)
        keys.setdefault(key, key if name in keys.values() else name)
    return keys


def _match_vendors_keys(written: dict[str, Any], recorded: dict[str, Any], ours: dict[str, Any]) -> dict[str, str]:
    """Return the record's key of each input: that of the input at the same place, else one that is free."""
    places = {digest: key for key, words in recorded.items() if (digest := _as_mapping(words).get("to"))}
    places = {_digest_place(key, one): key for key, one in ours.items()} | places
    wanted = {key: places.get(_digest_place(key, one)) for key, one in written.items()}
    keys: dict[str, str] = {}
    for key, name in wanted.items():
        if name is not None and name not in keys.values():
            keys[key] = name
    for key, one in written.items():
        if key not in keys:
            has_moved = key in recorded and key not in keys.values()
            used = {*keys.values(), *recorded, *ours}
            keys[key] = key if has_moved else _find_free_key(key, one, used)
    return keys


def _find_free_key(key: str, one: Any, used: set[str]) -> str:
    place = str(_as_mapping(one).get("to", "")).partition(".")[0]
    candidates = [key, f"{key}In{place.capitalize()}", *(f"{key}{number}" for number in range(2, len(used) + 3))]
    return next(candidate for candidate in candidates if candidate not in used)


def _digest_place(key: str, one: Any) -> str:
    return digest_word(_as_mapping(one).get("to", key))


def respell(tree: Any, spelling: Spelling, level: Level, group: Spelling = _SAME) -> Any:
    """Return a tree in another spelling; `group` is that of the inputs beside which a word stands."""
    if not isinstance(tree, dict) or not (spelling or group):
        return tree
    result: dict[str, Any] = {}
    for key, value in tree.items():
        inner = spelling.inner.get(key, _SAME)
        if level is Level.WORDS and key in _REFERENCES:
            result[key] = _respell_reference(value, group)
        elif level is Level.WORDS and key == "any_of":
            result[key] = [_respell_rule(rule, spelling) for rule in value] if isinstance(value, list) else value
        elif level is Level.WORDS and key == "examples":
            inputs = spelling.inner.get("inputs", _SAME)
            titles = _as_mapping(value)
            result[key] = {title: _respell_example(one, inputs) for title, one in titles.items()} or value
        else:
            own = spelling if level is Level.INPUTS else _SAME
            result[spelling.spell(key)] = respell(value, inner, find_level_below(level, key), own)
    return result


def respell_path(path: Path, spelling: Spelling) -> Path:
    """Return the path of a word in another spelling."""
    result: list[str] = []
    for key in path:
        result.append(spelling.spell(key))
        spelling = spelling.inner.get(key, _SAME)
    return tuple(result)


def _respell_reference(value: Any, group: Spelling) -> Any:
    if isinstance(value, str):
        return group.spell(value)
    if isinstance(value, list):
        return [_respell_reference(item, group) for item in value]
    return {group.spell(key): item for key, item in value.items()} if isinstance(value, dict) else value


def _respell_rule(rule: Any, action: Spelling) -> Any:
    inputs = action.inner.get("inputs", _SAME)
    return {word: _respell_reference(value, inputs) for word, value in rule.items()} if isinstance(rule, dict) else rule


def _respell_example(example: Any, inputs: Spelling) -> Any:
    if not isinstance(example, dict) or "inputs" not in example:
        return example
    return {**example, "inputs": _respell_given(example["inputs"], inputs)}


def _respell_given(given: Any, group: Spelling) -> Any:
    """Respell the values of inputs, and of the members of objects among them."""
    if isinstance(given, list):
        return [_respell_given(item, group) for item in given]
    if not isinstance(given, dict):
        return given
    return {
        group.spell(key): _respell_given(value, group.inner.get(key, _SAME).inner.get("fields", _SAME))
        for key, value in given.items()
    }


def _as_mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
