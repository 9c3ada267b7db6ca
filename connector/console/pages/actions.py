"""Actions: found by their words, and by what they work on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.console.pages import call
from connector.console.route import PageRoute
from connector.console.visit import View
from connector.definition.forms.action_heads import ActionHeads
from connector.definition.resource import group_by_resource

if TYPE_CHECKING:
    from collections.abc import Iterable

    from connector.console.desk import Desk
    from connector.console.visit import Visit
    from connector.definition.forms.action_heads import ActionHead

_MAX_SHOWN = 100  # actions of one page; beyond that, their groups are listed


def show_actions(desk: Desk, visit: Visit) -> View:
    """List the actions that have some words, or those of a group; of many actions, their groups."""
    index = desk.connector.derive(ActionHeads.read)
    heads = [head for head in index.heads if head.is_read or not desk.read_only]
    words, group = visit.asked("q"), visit.asked("group")
    groups = group_by_resource(heads)
    shown = {"Found": find_heads(heads, words)} if words else {group: groups[group]} if group in groups else groups
    count = sum(map(len, shown.values()))
    is_folded = count > _MAX_SHOWN and not words and group not in groups
    data = {
        "words": words,
        "total": len(heads),
        "count": count,
        "folded": {name: len(members) for name, members in groups.items()} if is_folded else {},
        "groups": {} if is_folded else {name: members[:_MAX_SHOWN] for name, members in shown.items()},
        "left_out": {name: len(members) - _MAX_SHOWN for name, members in shown.items() if len(members) > _MAX_SHOWN},
        "findings": index.findings,
    }
    return View("actions", "Actions", data)


def find_heads(heads: Iterable[ActionHead], words: str) -> list[ActionHead]:
    """Return the actions that have every word somewhere; those that are called so first."""
    wanted = words.casefold().split()
    found = []
    for head in heads:
        name = f"{head.label} {head.action}".casefold()
        text = f"{name} {head.summary} {head.path}".casefold()
        if all(word in text for word in wanted):
            found.append((sum(word not in name for word in wanted), len(name), head))
    return [head for *_, head in sorted(found, key=lambda one: one[:2])]


ROUTES = (PageRoute("GET", "/actions", show_actions), *call.ROUTES)
