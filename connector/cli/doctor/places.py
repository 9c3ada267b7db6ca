"""The places where something is kept: the store of connections and its key, the inbox, the log of runs, the records."""

from __future__ import annotations

import contextlib
import time
from pathlib import Path
from typing import TYPE_CHECKING

from connector.cli.context.context import open_records, open_run_log
from connector.cli.context.locations import find_url
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
    url = redaction.default_redactor().redact_url(_find_url(context, "store"))
    place = "The sandbox's store" if context.sandbox else url
    count = format_count(len(keys), "record")
    yield Diagnosis("store", OK, f"{place} can be read, and only by this user; it has {count}")


def check_key(context: ConnectionContext) -> Iterator[Diagnosis]:
    """Yield whether the store is encrypted, and whether its key opens every record."""
    from connector.runtime.storage.encryption import KEY_VARIABLE, EncryptedStore, list_plaintext_keys

    store = context.store
    if not isinstance(store, EncryptedStore):
        return
    keys = list(store.keys(""))
    if store.keyring is None:
        fix = f"Make one with 'connector connections key', and set {KEY_VARIABLE} or {KEY_VARIABLE}_FILE to it."
        yield Diagnosis("key", WARN if keys else OK, "No key is set: records are not encrypted", fix)
        return
    plaintext = list_plaintext_keys(store)
    for key in set(keys) - set(plaintext):
        store.read(key)
    if plaintext:
        message = f"{format_count(len(plaintext), 'record')} of the store is not encrypted yet"
        yield Diagnosis("key", WARN, message, "Run: connector connections rotate")
    else:
        yield Diagnosis("key", OK, f"The key {store.keyring.fingerprints[0]} opens every record")


def check_inbox(context: ConnectionContext) -> Iterator[Diagnosis]:
    """Yield what waits in the inbox of the connector's triggers."""
    url = _find_url(context, "inbox")
    if not context.connector.manifest.triggers or not _exists(url):
        yield Diagnosis("inbox", OK, "There is none yet")
        return
    from connector.runtime.webhooks.inbox import Inbox

    with contextlib.closing(Inbox(url)) as inbox:
        for trigger in context.connector.manifest.triggers:
            yield _judge_backlog(trigger, inbox.read_backlog(f"{context.connector.name}.{trigger}"))


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
    shown = ", ".join(f"{count} {resource}" for resource, count in counts.items())
    yield Diagnosis("records", OK, f"The copy of records can be read: {shown or 'it is empty'}")


def _exists(url: str) -> bool:
    """Whether a database is there, so that looking at it creates nothing; a server says by itself."""
    return not url.startswith(_SQLITE) or Path(url.removeprefix(_SQLITE)).expanduser().exists()


def _find_url(context: ConnectionContext, kind: str) -> str:
    return str(find_url(kind, context.connector, context.settings, sandbox=context.sandbox))
