"""The index of a connector's actions, as far as a server offers them.

A folder may hold thousands of actions, and an agent wants its list of tools at once: the index reads their heads alone.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from connector.definition.case import to_snake_case
from connector.definition.forms.action_heads import ActionHeads
from connector.definition.resource import group_by_resource
from connector.definition.suggest import did_you_mean
from connector.errors import DefinitionError, UsageError

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from connector.definition.action import Action
    from connector.definition.forms.action_heads import ActionHead
    from connector.definition.loader import Connector


class ActionIndex:
    """The actions that a server offers: of some groups, or those that only read."""

    def __init__(self, connector: Connector, *, groups: Collection[str] = (), read_only: bool = False) -> None:
        self.connector = connector
        self._groups = groups
        self.read_only = read_only

    @property
    def is_filtered(self) -> bool:
        """Whether some actions are left out."""
        return bool(self._groups) or self.read_only

    def count(self) -> int:
        """Return the number of actions."""
        return len(self.entries) if self.is_filtered else len(self.connector.action_files)

    @cached_property
    def entries(self) -> dict[str, ActionHead]:
        """The heads by the name of their tool. Raises UsageError for an unknown group, DefinitionError."""
        index = self.connector.derive(ActionHeads.read)
        if index.findings:
            raise DefinitionError.from_findings(index.findings)
        chosen = self._select_groups(index.heads) if self._groups else index.heads
        return {head.name: head for head in chosen if head.is_read or not self.read_only}

    def _select_groups(self, heads: Sequence[ActionHead]) -> list[ActionHead]:
        members = group_by_resource(heads)
        for group in self._groups:
            if group not in members:
                hint = f"The groups are {', '.join(members)}; 'connector list' shows their actions."
                raise UsageError(f"There is no group {group!r}.{did_you_mean(group, members)}", hint=hint)
        return [head for group in dict.fromkeys(self._groups) for head in members[group]]

    @property
    def has_live_choices(self) -> bool:
        """Whether an action has an input whose choices another one lists."""
        return any(head.may_list_choices for head in self.entries.values())

    def may_use(self, action: Action) -> bool:
        """Whether an action is among those that are offered."""
        return not self.is_filtered or to_snake_case(action.action) in self.entries
