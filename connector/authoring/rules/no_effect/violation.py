"""A word that does nothing where it stands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.authoring.draft import Violation

if TYPE_CHECKING:
    from connector.definition.parsers.strict_yaml import NodePath

RULE = "no-effect"


def build_violation(path: NodePath, message: str) -> Violation:
    """Return the violation of a word at its path."""
    return Violation(path, RULE, message, key=True)
