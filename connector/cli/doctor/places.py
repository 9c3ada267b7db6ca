"""The places where something is kept: the store of connections and its key, the inbox, the log of runs, the records."""

from __future__ import annotations

import contextlib
import shlex
import time
from pathlib import Path
from typing import TYPE_CHECKING

from connector.cli.context.context import find_key_file, open_records, open_run_log
from connector.cli.context.locations import build_default_url, find_url
from connector.cli.doctor.diagnosis import OK, WARN, Diagnosis
from connector.cli.output.counts import format_count
from connector.cli.output.times import format_duration
from connector.core import redaction

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connector.cli.context.connection_context import ConnectionContext
    from connector.runtime.webhooks.inbox import Backlog

_MAX_LATENESS = 600.0  # seconds that an event may be due
_SQLITE = "sqlite:///"


def check_store(context: ConnectionContext) -> Iterator[Diagnosis]:
    """Yield whether the store of connections can be read; opening it checks that nobody else can."""
    keys = list(context.store.keys(""))
    url = _find_url(context, "store")
    place = "The sandbox's store" if context.sandbox else redaction.default_redactor().redact_url(url)
    readers = "by whom its server lets" if url.startswith("postgres") else "only by this user"
    count = format_count(len(keys), "record")
    yield Diagnosis("store", OK, f"{place} can be read, and {readers}; it has {count}")


def check_key(context: ConnectionContext) -> Iterator[Diagnosis]:
    """Yield whether the store is encrypted, and whether its key opens every record."""
    from connector.runtime.storage.encryption import (
        KEY_VARIABLE,
        EncryptedStore,
        find_exposed_mode,
        list_plaintext_keys,
    )

    store = context.store
    if not isinstance(store, EncryptedStore):
        return
    keys = list(store.keys(""))
    plaintext = set(list_plaintext_keys(store))
    for key in sorted(set(keys) - plaintext):
        store.read(key)  # raises for a key that was lost, or is another one
    key_file = find_key_file(context.settings)
    if store.keyring is None:
        fix = f"Make one with 'connector connections key', and set {KEY_VARIABLE} or {KEY_VARIABLE}_FILE to it."
        yield Diagnosis("key", WARN if keys else OK, "No key is set: records are not encrypted", fix)
        return
    exposed = find_exposed_mode(key_file) if key_file else None
    if exposed is not None:
        message = f"The key file {key_file} is open to other users (mode {exposed:04o})"
        yield Diagnosis("key", WARN, message, f"Run: chmod 600 {shlex.quote(str(key_file))}")
    if plaintext:
        message = f"{format_count(len(plaintext), 'record')} of the store is not encrypted yet"
        yield Diagnosis("key", WARN, message, "Run: connector connections rotate")
    else:
        yield Diagnosis("key", OK, f"The key {store.keyring.fingerprints[0]} opens every record")


def check_inbox(context: ConnectionContext) -> Iterator[Diagnosis]:
    """Yield what waits in the inbox of the connector's triggers, and in the default one where another one is named."""
    url = _find_url(context, "inbox")
    default = url if context.sandbox else str(build_default_url("inbox", context.connector.name))
    if not context.connector.manifest.triggers or not _exists(url):
        yield Diagnosis("inbox", OK, "There is none yet")
    else:
        for trigger, backlog in _read_backlogs(context, url):
            yield _judge_backlog(trigger, backlog)
    if url != default and _exists(default):
        waiting = sum(backlog.pending for _, backlog in _read_backlogs(context, default))
        if waiting:
            message = f"{format_count(waiting, 'event')} to deliver in {default}, which the settings do not name"
            fix = "A receiver ran without these settings: end it, then deliver them: "
            yield Diagnosis("inbox", WARN, message, f"{fix}connector webhook serve --inbox {shlex.quote(default)}")


def _read_backlogs(context: ConnectionContext, url: str) -> list[tuple[str, Backlog]]:
    """Return the backlog of each trigger."""
    from connector.runtime.webhooks.inbox import Inbox

    with contextlib.closing(Inbox(url)) as inbox:
        name, triggers = context.connector.name, context.connector.manifest.triggers
        return [(trigger, inbox.read_backlog(f"{name}.{trigger}")) for trigger in triggers]


def _judge_backlog(trigger: str, backlog: Backlog) -> Diagnosis:
    late = 0.0 if backlog.due_since is None else time.time() - backlog.due_since
    message = f"{trigger}: {format_count(backlog.pending, 'event')} to deliver, {backlog.dead} dead"
    if late > _MAX_LATENESS:
        fix = "Start a receiver ('connector webhook serve'), or look at what its handler does."
        return Diagnosis("inbox", WARN, f"{message}; one is due since {format_duration(late)}", fix)
    if backlog.dead:
        fix = "See them with 'connector webhook events --status dead'; 'connector webhook replay' delivers them."
        return Diagnosis("inbox", WARN, message, fix)
    return Diagnosis("inbox", OK, message)


def check_runs(context: ConnectionContext) -> Iterator[Diagnosis]:
    """Yield whether the log of runs can be read. A table that another version wrote is told by what opens it."""
    if not _exists(_find_url(context, "runs")):
        yield Diagnosis("runs", OK, "There is none yet")
        return
    run_log = open_run_log(context.connector, context.settings, sandbox=context.sandbox)
    if run_log is None:
        yield Diagnosis("runs", OK, "The log of runs is off")
        return
    with run_log:
        run_log.find()
    yield Diagnosis("runs", OK, "The log of runs can be read")


def check_records(context: ConnectionContext) -> Iterator[Diagnosis]:
    """Yield what the local copy of records has."""
    if not _exists(_find_url(context, "records")):
        yield Diagnosis("records", OK, "There are none yet")
        return
    with open_records(context.connector, context.settings, sandbox=context.sandbox) as records:
        counts = records.count(context.connector.name)
    shown = ", ".join(f"{format_count(count, 'record')} of {resource}" for resource, count in counts.items())
    yield Diagnosis("records", OK, f"The copy of records can be read: {shown or 'it is empty'}")


def _exists(url: str) -> bool:
    """Whether a database is there, so that looking at it creates nothing; a server says by itself."""
    return not url.startswith(_SQLITE) or Path(url.removeprefix(_SQLITE)).expanduser().exists()


def _find_url(context: ConnectionContext, kind: str) -> str:
    return str(find_url(kind, context.connector, context.settings, sandbox=context.sandbox))
