"""Scopes: what an action needs, whether a token that names its own has it, and how that is said."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.errors import SignInError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from connector.core.exchange.plan import Plan
    from connector.errors import ConnectorError

_MOST = 20  # named in a message


def lacking(plan: Plan, has: tuple[str, ...] | None) -> SignInError | None:
    """Return the error of a token whose scopes let it run nothing of the kind, or None.

    Any one scope that the action names is enough; a scope at another of the manifest's levels counts as that scope, so
    that only what the service would refuse is refused here. A token that names no scopes is not judged.
    """
    needs = plan.needs
    if not has or not needs or not needs.isdisjoint(has):
        return None
    levels = plan.connector.manifest.scope_levels
    if not {_bare(scope, levels) for scope in needs}.isdisjoint(_bare(scope, levels) for scope in has):
        return None
    scopes = plan.action.scopes
    wanted = tuple(scopes.granular or scopes.classic)
    message = f"{plan.action.action} needs one of these scopes: {', '.join(wanted)}. The token has {_shown(has)}."
    return SignInError(message, scopes=wanted, hint="Add one to the app, then connect again. Nothing was sent.")


def told(error: ConnectorError, has: tuple[str, ...] | None) -> ConnectorError:
    """Say on a refusal that names missing scopes which ones the token has, where it says so."""
    if has and isinstance(error, SignInError) and error.scopes:
        error.hint = f"{error.hint} The token has {_shown(has)}."
    return error


def _bare(scope: str, levels: Iterable[str]) -> str:
    head, _, last = scope.rpartition(":")
    return head if head and last in levels else scope


def _shown(has: tuple[str, ...]) -> str:
    more = f" and {len(has) - _MOST} more" if len(has) > _MOST else ""
    return ", ".join(has[:_MOST]) + more
