"""Did-you-mean suggestions for misspelt words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.definition.case import to_kebab_case

if TYPE_CHECKING:
    from collections.abc import Iterable

_CLOSE, _SURE = 0.6, 0.8  # similarity of a word to what is meant
_VERBS = (
    ("get", "list", "read", "show", "fetch", "find", "search", "retrieve", "view"),
    ("create", "add", "new", "make", "insert", "schedule", "register", "invite"),
    ("update", "edit", "change", "modify", "patch", "set", "rename"),
    ("delete", "remove", "destroy", "erase", "cancel"),
)
_MAX_LENGTH = 100  # a longer text is no misspelt word, and comparing takes time by the square of its length


def did_you_mean(word: str, candidates: Iterable[str], cutoff: float = _CLOSE) -> str:
    """Return ` Did you mean 'x'?` with the closest candidate, or an empty text when none is close."""
    match = closest(word, candidates, cutoff)
    return f" Did you mean {match!r}?" if match else ""


def closest(word: str, known: Iterable[str], cutoff: float = _CLOSE) -> str | None:
    """Return the known word closest to `word`, or None when none is close; `cutoff` 1 means equal."""
    import difflib

    return next(iter(difflib.get_close_matches(word[:_MAX_LENGTH], list(known), n=1, cutoff=cutoff)), None)


def suggest_action(name: str, known: Iterable[str]) -> str:
    """Return what may be meant by an unknown action; one that does something else is never suggested."""
    names = list(known)
    verb, _, noun = to_kebab_case(name).partition("-")
    kind = _find_kind(verb)
    if kind is None:
        return did_you_mean(name, names).strip()
    heads = {key: to_kebab_case(key).partition("-") for key in names}
    same = {f"{verb}-{rest}": key for key, (first, _, rest) in heads.items() if _find_kind(first) == kind}
    match = closest(name, same.values(), _SURE) or same.get(closest(f"{verb}-{noun}", same, _SURE) or "")
    if match:
        return f"Did you mean {match!r}?"
    of_it = [key for key in names if noun and noun.removesuffix("s") in to_kebab_case(key)]
    return f"no action does that; those with '{noun}' are {', '.join(of_it)}" if of_it else ""


def _find_kind(verb: str) -> int | None:
    """Return the index of the kind of deed that a verb is, itself or misspelt; None for an unknown one."""
    meant = closest(verb, [known for verbs in _VERBS for known in verbs], _SURE)
    return next((index for index, verbs in enumerate(_VERBS) if meant in verbs), None)
