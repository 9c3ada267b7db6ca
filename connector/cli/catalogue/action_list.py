"""The actions and triggers of a connector in groups, all of them or those with some words."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from connector.cli.terminal.page import TextPage

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from connector.cli.terminal.screen import Screen
    from connector.definition.forms.action_heads import ActionHead
    from connector.definition.trigger import Trigger

TRIGGER_GROUP = "triggers"


class Entry(NamedTuple):
    """A line of the list: the name of an action or a trigger, and its summary."""

    name: str
    summary: str


def find_actions(heads: Sequence[ActionHead], words: Sequence[str]) -> list[ActionHead]:
    """Return the actions that have every word in their name, label, group, summary or request."""
    return [
        head
        for head in heads
        if _has_words(words, head.action, head.label, head.summary, head.request, head.group or "")
    ]


def find_triggers(triggers: Mapping[str, Trigger], words: Sequence[str]) -> dict[str, Trigger]:
    """Return the triggers that have every word in their name, label or summary."""
    return {
        name: trigger for name, trigger in triggers.items() if _has_words(words, name, trigger.label, trigger.summary)
    }


def _has_words(words: Sequence[str], *texts: str) -> bool:
    text = " ".join(texts).casefold()
    return all(word.casefold() in text for word in words)


def group_entries(actions: Sequence[ActionHead], triggers: Mapping[str, Trigger]) -> dict[str, list[Entry]]:
    """Return the lines of actions by what they are about, and those of triggers."""
    from connector.definition.resource import group_by_resource

    groups = {
        group: [Entry(head.action, f"{'(deprecated) ' if head.deprecated else ''}{head.summary}") for head in members]
        for group, members in group_by_resource(actions).items()
    }
    of_triggers = [Entry(name, trigger.summary) for name, trigger in triggers.items()]
    return {**groups, TRIGGER_GROUP: of_triggers} if of_triggers else groups


def format_plain(groups: Mapping[str, Sequence[Entry]]) -> str:
    """Return the list for a program: an entry a line, names of one width."""
    width = max((len(entry.name) for entries in groups.values() for entry in entries), default=0)
    blocks = [
        "\n".join([group, *(f"  {entry.name:<{width}}  {entry.summary}" for entry in entries)])
        for group, entries in groups.items()
    ]
    return "\n\n".join(blocks)


def format_page(groups: Mapping[str, Sequence[Entry]], screen: Screen, hint: str) -> str:
    """Return the list for a person; below one that is longer than the screen stands a hint."""
    page = TextPage(screen)
    for group, entries in groups.items():
        page.add_heading(group)
        page.add_terms(entries)
    if page.is_long:
        page.add_blank()
        page.add_text(hint, role="hint")
    return str(page)
