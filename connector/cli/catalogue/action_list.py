"""The actions and triggers of a connector in groups, all of them or those with some words."""

from __future__ import annotations

import re
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
    return [head for head in heads if _has_words(words, _text_of_action(head))]


def find_triggers(triggers: Mapping[str, Trigger], words: Sequence[str]) -> dict[str, Trigger]:
    """Return the triggers that have every word in their name, label or summary."""
    return {name: trigger for name, trigger in triggers.items() if _has_words(words, _text_of_trigger(name, trigger))}


def suggest_word(words: Sequence[str], heads: Sequence[ActionHead], triggers: Mapping[str, Trigger]) -> str:
    """Return ` Did you mean 'x'?` for the first word that no action and no trigger has, or an empty text."""
    from connector.definition.case import to_kebab_case
    from connector.definition.suggest import did_you_mean

    texts = [*map(_text_of_action, heads), *(_text_of_trigger(name, trigger) for name, trigger in triggers.items())]
    unknown = next((word for word in words if not any(_has_words([word], text) for text in texts)), None)
    if unknown is None:
        return ""
    known = re.findall(r"[^\W\d_]{3,}", to_kebab_case(" ".join(texts)))
    return did_you_mean(unknown.casefold(), sorted(set(known)))


def _text_of_action(head: ActionHead) -> str:
    return " ".join((head.action, head.label, head.summary, head.request, head.group or ""))


def _text_of_trigger(name: str, trigger: Trigger) -> str:
    return f"{name} {trigger.label} {trigger.summary}"


def _has_words(words: Sequence[str], text: str) -> bool:
    return all(word.casefold() in text.casefold() for word in words)


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
