"""Scope checks: compare the scopes of a token with those that an action requires."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.errors import SignInError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from connector.core.exchange.plan import CompiledAction
    from connector.errors import ConnectorError

_MAX_SHOWN_SCOPES = 20  # in one message


def missing_scope_error(compiled_action: CompiledAction, token_scopes: tuple[str, ...] | None) -> SignInError | None:
    """Return the error of a token that lacks every scope of the action, or None.

    Any one of the action's scopes is enough, also at another of the manifest's scope levels, so that only calls that
    the service would reject are rejected here. A token that names no scopes passes.
    """
    required_scopes = compiled_action.required_scopes
    if not token_scopes or not required_scopes or not required_scopes.isdisjoint(token_scopes):
        return None
    levels = compiled_action.connector.manifest.scope_levels
    if not {_without_level(scope, levels) for scope in required_scopes}.isdisjoint(
        _without_level(scope, levels) for scope in token_scopes
    ):
        return None
    action_scopes = compiled_action.action.scopes
    accepted_scopes = tuple(action_scopes.granular or action_scopes.classic)
    needed = f"{compiled_action.action.action} needs one of these scopes: {', '.join(accepted_scopes)}."
    hint = "Add one to the app, then connect again. Nothing was sent."
    return SignInError(f"{needed} The token has {_format_scopes(token_scopes)}.", scopes=accepted_scopes, hint=hint)


def add_token_scopes(error: ConnectorError, token_scopes: tuple[str, ...] | None) -> ConnectorError:
    """Add the scopes of the token to the hint of an error that names missing scopes."""
    if token_scopes and isinstance(error, SignInError) and error.scopes:
        error.with_hint(f"The token has {_format_scopes(token_scopes)}.")
    return error


def _without_level(scope: str, levels: Iterable[str]) -> str:
    scope_name, _, level = scope.rpartition(":")
    return scope_name if scope_name and level in levels else scope


def _format_scopes(token_scopes: tuple[str, ...]) -> str:
    suffix = f" and {len(token_scopes) - _MAX_SHOWN_SCOPES} more" if len(token_scopes) > _MAX_SHOWN_SCOPES else ""
    return ", ".join(token_scopes[:_MAX_SHOWN_SCOPES]) + suffix
