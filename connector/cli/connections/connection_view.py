"""A view of stored connections without secrets."""

from __future__ import annotations

import sys
import textwrap
from typing import TYPE_CHECKING, Any

from connector.cli.output import printer
from connector.cli.output.times import format_time
from connector.cli.terminal.screen import Screen
from connector.core import redaction
from connector.core.auth.token_set import NO_EXPIRY
from connector.core.redaction import MASK
from connector.errors import SignInError
from connector.first_use import dataclass

if TYPE_CHECKING:
    from connector.cli.connections.connection_test import ConnectionTestResult
    from connector.cli.context.connection_context import ConnectionContext
    from connector.core.auth.token_set import TokenSet
    from connector.definition.loader import Connector
    from connector.runtime.auth.connection_record import ConnectionRecord

KEY_PREFIX = "connection:"  # of the store's keys
_TOKEN_FIELDS = ("access_token", "refresh_token")
_LINE_WIDTH = 100  # characters, in a pipe


@dataclass(frozen=True, slots=True, repr=False)
class ConnectionView:
    """A stored connection; `record` holds secrets, so print it with these methods only."""

    connector: str
    name: str
    record: ConnectionRecord

    @classmethod
    def from_record(cls, key: str, record: ConnectionRecord) -> ConnectionView:
        """Return the view of a key and its record."""
        connector, name = parse_key(key)
        return cls(connector, name, record)

    @property
    def kind(self) -> str:
        """The kind of connection."""
        return self.record.kind

    @property
    def token_set(self) -> TokenSet | None:
        """The stored token; None for a kind without one."""
        return self.record.token_set

    @property
    def expires_at(self) -> str | None:
        """When the token expires, or None."""
        return _format_time(self.token_set.expires_at if self.token_set else None)

    @property
    def scopes(self) -> list[str] | None:
        """The scopes of the token, if the service names them."""
        return None if self.token_set is None or self.token_set.scopes is None else list(self.token_set.scopes)

    def get_status(self, connector: Connector, now: float) -> str:
        """Return alive, expired (a new sign-in is needed), dead (the service ended it) or unknown.

        Unknown is an expired token of another connector, which may be renewed without a user.
        """
        if self.record.revocation:
            return "dead"
        if self.token_set is None or self.token_set.refresh_token or now < self.token_set.expires_at:
            return "alive"
        connection_type = connector.manifest.connections.get(self.kind) if connector.name == self.connector else None
        if connection_type is None:
            return "unknown"
        return "expired" if connection_type.needs_person else "alive"

    def build_sign_in_error(self, connector: Connector, now: float) -> SignInError | None:
        """Return the error of a connection that needs a new sign-in, or None."""
        status, revocation = self.get_status(connector, now), self.record.revocation
        if self.connector != connector.name or status not in ("dead", "expired"):
            return None
        if revocation:
            return SignInError(f"{self.name} stopped working at {_format_time(revocation.at)}: {revocation.why}.")
        return SignInError(f"The token of {self.name} expired at {self.expires_at} and cannot be refreshed.")

    def to_summary(self, connector: Connector, now: float) -> dict[str, Any]:
        """Return the fields of a list."""
        return {
            "name": self.name,
            "connector": self.connector,
            "kind": self.kind,
            "state": self.get_status(connector, now),
            "expires": self.expires_at,
            "scopes": None if self.scopes is None else len(self.scopes),
        }

    def to_dict(self, connector: Connector, now: float) -> dict[str, Any]:
        """Return everything about it, secrets as ***."""
        connection_type = connector.manifest.connections.get(self.kind)
        public_keys = {
            key for key, field in (connection_type.inputs if connection_type else {}).items() if not field.secret
        }
        inputs = {key: value if key in public_keys else MASK for key, value in self.record.inputs.items()}
        redactor = redaction.redactor_for(
            connector
        )  # of what is secret in a public input, such as a URL with a password
        token_set, revocation, intent = self.token_set, self.record.revocation, self.record.intent
        return {
            **self.to_summary(connector, now),
            "scopes": self.scopes,
            "inputs": {key: redactor.redact_data(value) for key, value in inputs.items()},
            "token": {
                **{key: MASK for key in _TOKEN_FIELDS if getattr(token_set, key, None)},
                "obtained": _format_time(token_set.obtained_at if token_set else None),
                "api_url": token_set.api_url if token_set else None,
            },
            "ended": {"at": _format_time(revocation.at), "why": revocation.why} if revocation else None,
            "interrupted": _format_time(intent.at if intent else None),
        }


def parse_key(key: str) -> tuple[str, str]:
    """Return connector and name of the key of a record."""
    connector, _, name = key.removeprefix(KEY_PREFIX).partition(":")
    return connector, name


def _format_time(timestamp: float | None) -> str | None:
    return format_time(timestamp) if timestamp and timestamp < NO_EXPIRY else None


def print_connected(context: ConnectionContext, name: str, output_format: str, result: ConnectionTestResult) -> None:
    """Print a new connection."""
    record = context.read_record(name)
    assert record is not None
    view = ConnectionView.from_record(context.build_record_key(name), record)
    if output_format == "json":
        printer.write_json(
            {**_connection_to_dict(context, view), "store": describe_store(context), "test": result.to_dict()}
        )
        return
    manifest = context.connector.manifest
    label, hint = manifest.connections[view.kind].label, manifest.connections[view.kind].hint
    identity = f" as {result.identity}" if result.identity else ""
    lines = [f"{name}: connected to {manifest.label} with {label}{identity}.", format_test_result(result)]
    if view.scopes:
        lines += wrap_line(f"Scopes: {', '.join(view.scopes)}", next_indent="  ")
    lines += [hint] if hint else []
    printer.write_text("\n".join([*lines, f"Stored in {describe_store(context)}."]))


def format_test_result(result: ConnectionTestResult) -> str:
    """Return a test as a sentence."""
    if result.action is None:
        return "The connector has no test for this kind, so nothing was called."
    return f"Tested with {result.action}: status {result.status}."


def describe_store(context: ConnectionContext) -> str:
    """Return the location of the store, and whether it is encrypted."""
    from connector.runtime.storage.encryption import find_keyring

    folder = getattr(getattr(context.store, "store", None), "folder", None)
    location = folder or redaction.default_redactor().redact_url(str(context.settings.get("store").value))
    keyring = find_keyring(context.store)
    encryption = f"encrypted with key {keyring.fingerprints[0]}" if keyring else "unencrypted"
    return f"{location}, {encryption}"


def _connection_to_dict(context: ConnectionContext, view: ConnectionView) -> dict[str, Any]:
    return {
        "connection": view.name,
        "connector": context.connector.name,
        "kind": view.kind,
        "expires": view.expires_at,
        "scopes": view.scopes,
    }


def wrap_line(text: str, *, reserved: int = 0, next_indent: str = "") -> list[str]:
    """Return a text as lines at the width of the terminal, less what is reserved beside it; no word is broken."""
    screen = Screen.of(sys.stdout)
    width = max((screen.text_width if screen.is_terminal else _LINE_WIDTH) - reserved, 1)
    return textwrap.wrap(text, width, subsequent_indent=next_indent, break_long_words=False, break_on_hyphens=False)
