"""Scope checks: compare the scopes of a token with those that an action requires."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.core.response import retry_after
from connector.errors import SignInError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from connector.core.exchange.plan import CompiledAction
    from connector.core.request.credential import Credential
    from connector.errors import ConnectorError

_MAX_SHOWN_SCOPES = 20  # in one message


def missing_scope_error(compiled_action: CompiledAction, credential: Credential) -> SignInError | None:
    """Return the error of a token that lacks the scopes of the action, or None.

    Any one of a list is enough, and of `all` each is needed, also at another of the manifest's scope levels, so that
    only calls that the service would reject are rejected here. A token that names no scopes passes.
    """
    required_scopes, token_scopes = compiled_action.required_scopes, credential.scopes
    if not token_scopes or not required_scopes:
        return None
    action_scopes, levels = compiled_action.action.scopes, compiled_action.connector.manifest.scope_levels
    granted = {*token_scopes, *(_without_level(scope, levels) for scope in token_scopes)}
    lacking = [scope for scope in action_scopes.names if granted.isdisjoint((scope, _without_level(scope, levels)))]
    if not lacking or not (action_scopes.all or required_scopes.issubset(lacking)):
        return None
    wanted = tuple(lacking if action_scopes.all else action_scopes.wanted)
    needed = f"all of these scopes: {', '.join(action_scopes.all)}"
    if not action_scopes.all:
        needed = f"one of these scopes: {', '.join(wanted)}"
    missing = f"Add {'one' if not action_scopes.all else ', '.join(wanted)} to the app"
    hint = f"{missing}{_describe_renewal(credential) or ', then connect again.'} Nothing was sent."
    message = f"{compiled_action.action.action} needs {needed}. The token has {_format_scopes(token_scopes)}."
    return SignInError(message, scopes=wanted, hint=hint)


def explain_token_scopes(error: ConnectorError, credential: Credential) -> ConnectorError:
    """Add the scopes of the token, and when it is renewed, to the hint of an error that names missing scopes."""
    if not isinstance(error, SignInError) or not error.scopes:
        return error
    if renewal := _describe_renewal(credential):
        error.hint = f"Add {', '.join(error.scopes)} to the app{renewal}"
    return error.with_hint(f"The token has {_format_scopes(credential.scopes)}.") if credential.scopes else error


def _describe_renewal(credential: Credential) -> str:
    """Return when a token that needs no person is requested for a new scope; else an empty text."""
    if credential.scopes_renewed_at is None:
        return ""
    moment = retry_after.to_utc_datetime(credential.scopes_renewed_at).isoformat(timespec="seconds")
    return f": a call after {moment} requests a token that has it; nobody needs to connect again."


def _without_level(scope: str, levels: Iterable[str]) -> str:
    scope_name, _, level = scope.rpartition(":")
    return scope_name if scope_name and level in levels else scope


def _format_scopes(token_scopes: tuple[str, ...]) -> str:
    suffix = f" and {len(token_scopes) - _MAX_SHOWN_SCOPES} more" if len(token_scopes) > _MAX_SHOWN_SCOPES else ""
    return ", ".join(token_scopes[:_MAX_SHOWN_SCOPES]) + suffix
