"""The files of schemas/events/: the events that webhooks describe, as the reader of a connector accepts them."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import TYPE_CHECKING, Any

from connector.authoring.importing.building.texts import split_words
from connector.authoring.importing.events import infer_events, list_webhooks
from connector.definition.events import parse_event_file
from connector.definition.parsers.strict_yaml import MAX_FILE_BYTES, MAX_NODES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from connector.authoring.importing.building.words import Words
    from connector.authoring.importing.document import ApiDocument


def build_events(documents: Iterable[ApiDocument]) -> tuple[dict[str, Words], list[str]]:
    """Return the words of each file of events by its path, and notes on the events that are left out."""
    files: dict[str, Words] = {}
    documents = list(documents)
    groups = infer_events(documents)
    told = {name for found in groups.values() for name in found}
    untold = [name for name in list_webhooks(documents) if name not in told]
    notes = [f"webhooks are left out, as no JSON object is described as their body: {', '.join(untold)}"] * bool(untold)
    for group, found in groups.items():
        for stem, words in _divide(group, {name: one.words for name, one in found.items()}, 1).items():
            path = f"schemas/events/{stem}.json"
            problem = _find_problem(words, stem)
            if problem:
                notes.append(f"events are left out: {', '.join(words)}: {problem}")
            else:
                files[path if path not in files else f"schemas/events/{group}-{stem}.json"] = words
    return files, notes


def list_secrets(events: Mapping[str, Words]) -> list[str]:
    """Return the fields of events that hold a secret."""
    return sorted({name for words in events.values() for name in _iter_secrets(words)})


def _divide(stem: str, events: Words, count: int) -> dict[str, Words]:
    """Return events by the file they go to: one, or by the first words of their names where it would be too large."""
    if not _is_too_large(events) or all(len(split_words(name)) < count for name in events):
        return {stem: events}
    groups: dict[str, Words] = {}
    for name, event in events.items():
        groups.setdefault("-".join(split_words(name)[:count]) or stem, {})[name] = event
    return {key: words for name, group in groups.items() for key, words in _divide(name, group, count + 1).items()}


def _find_problem(events: Words, stem: str) -> str:
    if _is_too_large(events):
        return f"a file has at most {MAX_FILE_BYTES:,} bytes and {MAX_NODES:,} values"
    try:
        parse_event_file(deepcopy(events), stem)
    except ValueError as error:
        return str(error)
    return ""


def _is_too_large(words: Words) -> bool:
    return (
        len(json.dumps(words, indent=1, ensure_ascii=False).encode()) >= MAX_FILE_BYTES
        or _count_nodes(words) > MAX_NODES
    )


def _count_nodes(words: Any) -> int:
    """Return how many nodes of YAML a value is: its keys are some, too."""
    if isinstance(words, dict):
        return 1 + sum(1 + _count_nodes(value) for value in words.values())
    return 1 + sum(map(_count_nodes, words)) if isinstance(words, list) else 1


def _iter_secrets(body: Any) -> Iterator[str]:
    if isinstance(body, list):
        yield from (name for item in body for name in _iter_secrets(item))
    elif isinstance(body, dict):
        for name, item in body.items():
            yield from [name] if item == "secret" else _iter_secrets(item)
