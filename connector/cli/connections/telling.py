"""What the commands of connections say: who is connected, with which scopes, kept where."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

from connector.cli.connections.connection_view import ConnectionView
from connector.cli.output import printer
from connector.core import redaction

if TYPE_CHECKING:
    from connector.cli.connections.connection_test import ConnectionTestResult
    from connector.cli.context.connection_context import ConnectionContext

_LINE_WIDTH = 100


def print_connected(context: ConnectionContext, name: str, output_format: str, result: ConnectionTestResult) -> None:
    """Tell what a new connection is."""
    record = context.read_record(name)
    assert record is not None
    view = ConnectionView.from_record(context.build_record_key(name), record)
    if output_format == "json":
        printer.write_json(
            {**_connection_to_dict(context, view), "store": describe_store(context), "test": result.to_dict()}
        )
        return
    manifest = context.connector.manifest
    label = manifest.connections[view.kind].label
    identity = f" as {result.identity}" if result.identity else ""
    lines = [f"{name}: connected to {manifest.label} with {label}{identity}.", format_test_result(result)]
    if view.scopes:
        lines.append(_wrap_text(f"Scopes: {', '.join(view.scopes)}"))
    printer.write_text("\n".join([*lines, f"Kept in {describe_store(context)}."]))


def format_test_result(result: ConnectionTestResult) -> str:
    """Return a test as a sentence."""
    if result.action is None:
        return "No action of this connector can test this kind, so nothing was called."
    return f"Tested with {result.action}: status {result.status}."


def describe_store(context: ConnectionContext) -> str:
    """Return where connections are kept, and whether they are sealed."""
    from connector.runtime.storage.encryption import EncryptedStore

    folder = getattr(getattr(context.store, "store", None), "folder", None)
    location = folder or redaction.default_redactor().redact_url(str(context.settings.get("store").value))
    encryption = (
        f"sealed with key {context.store.keyring.fingerprints[0]}"
        if isinstance(context.store, EncryptedStore)
        else "unencrypted"
    )
    return f"{location}, {encryption}"


def _connection_to_dict(context: ConnectionContext, view: ConnectionView) -> dict[str, Any]:
    return {
        "connection": view.name,
        "connector": context.connector.name,
        "kind": view.kind,
        "expires": view.expires_at,
        "scopes": view.scopes,
    }


def _wrap_text(text: str) -> str:
    return textwrap.fill(text, _LINE_WIDTH, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False)
