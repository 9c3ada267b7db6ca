"""Pick the events of a few words out of a document, so that what stands between them is not built."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


def select_words(words: frozenset[str], events: Iterable[Any]) -> Iterator[Any]:
    """Yield the events of a mapping's words, up to the end of the last; of another document, every event."""
    missing = set(words)
    depth, is_mapping, is_wanted = 0, False, True
    word: str | None = None  # whose value comes next
    for event in events:
        is_scalar = isinstance(event, yaml.ScalarEvent)
        if depth == 1 and is_mapping and word is None and is_scalar:
            word = event.value
            is_wanted = word in words
            if is_wanted:
                yield event
            continue
        if isinstance(event, yaml.CollectionStartEvent):
            is_mapping = isinstance(event, yaml.MappingStartEvent) if depth == 0 else is_mapping
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if is_wanted or depth == 0:
            yield event
        if depth == 1 and word is not None:
            missing.discard(word)
            if not missing:
                return
            word, is_wanted = None, True
