"""What the commands of connections say: who is connected, with which scopes, kept where."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

from connector.cli.connections.connection_view import Entry
from connector.cli.output import printer as output
from connector.core import redaction as redact

if TYPE_CHECKING:
    from connector.cli.connections.connection_test import Tested
    from connector.cli.context.connection_context import Desk

_WIDTH = 100


def connected(desk: Desk, name: str, shape: str, tested: Tested) -> None:
    """Tell what a new connection is."""
    record = desk.read(name)
    assert record is not None
    entry = Entry.of(desk.key(name), record.data)
    if shape == "json":
        output.write_json({**_facts(desk, entry), "store": kept_in(desk), "test": tested.to_dict()})
        return
    manifest = desk.connector.manifest
    label = manifest.connections[entry.kind].label
    who = f" as {tested.who}" if tested.who else ""
    lines = [f"{name}: connected to {manifest.label} with {label}{who}.", told(tested)]
    if entry.scopes:
        lines.append(_wrapped(f"Scopes: {', '.join(entry.scopes)}"))
    output.write_text("\n".join([*lines, f"Kept in {kept_in(desk)}."]))


def told(tested: Tested) -> str:
    """Return a test as a sentence."""
    if tested.action is None:
        return "No action of this connector can test this kind, so nothing was called."
    return f"Tested with {tested.action}: status {tested.status}."


def kept_in(desk: Desk) -> str:
    """Return where connections are kept, and whether they are sealed."""
    from connector.runtime.storage.encryption import Sealed

    folder = getattr(getattr(desk.store, "store", None), "folder", None)
    place = folder or redact.plain().url(str(desk.settings.get("store").value))
    how = f"sealed with key {desk.store.given.fingerprints[0]}" if isinstance(desk.store, Sealed) else "unencrypted"
    return f"{place}, {how}"


def _facts(desk: Desk, entry: Entry) -> dict[str, Any]:
    return {
        "connection": entry.name,
        "connector": desk.connector.name,
        "kind": entry.kind,
        "expires": entry.expires,
        "scopes": entry.scopes,
    }


def _wrapped(text: str) -> str:
    return textwrap.fill(text, _WIDTH, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False)
