"""The tables of bulk runs that several workers share, and how a row's inputs and result are kept in them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from sqlalchemy import Column, Float, Index, Integer, MetaData, Table, Text, literal_column

from connector.first_use import dataclass
from connector.runtime.database.table_schema import define_schema

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import ColumnElement

    from connector.runtime.storage.encryption import Keyring

RUN_RUNNING, RUN_STOPPED, RUN_CANCELLED = "running", "stopped", "cancelled"
ROW_WAITING, ROW_RUNNING = "waiting", "running"
ROW_OUTCOMES = ("done", "rejected", "not_sent", "uncertain")  # a row with a result
PLAIN_PREFIX = '{"plain"'  # of the data of a row that is not encrypted
FAILED_OUTCOMES = ("rejected", "not_sent")

RUNS = Table(
    "connector_bulk_run",
    MetaData(),
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("header", Text, nullable=False),  # JSON: what the run belongs to
    Column("options", Text, nullable=False),  # JSON: how each row is called
    Column("queue", Text, nullable=False),
    Column("count", Integer, nullable=False),
    Column("batch_size", Integer, nullable=False),  # rows that a worker takes at once
    Column("loaded", Integer, nullable=False),  # rows that are in the other table
    Column("state", Text, nullable=False),
    Column("reason", Text),  # JSON of the error that stopped it, if it was one that every row would meet
    Column("turn", Integer, nullable=False),  # how often it was started; batches of an earlier turn do nothing
    Column("keep_going", Integer, nullable=False),
    Column("created_at", Float, nullable=False),
)
ROWS = Table(
    "connector_bulk_row",
    MetaData(),
    Column("run", Text, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("line", Integer, nullable=False),
    Column("batch", Integer, nullable=False),  # the number of the first row of its batch
    Column("state", Text, nullable=False),
    Column("inputs", Text),  # gone when the row is done
    Column("result", Text),
    Column("worker", Text),  # who sent it
    Column("key", Text),  # the idempotency key that it was sent with
    Column("sent_at", Float),  # when it was first sent
    Column("may_resend", Integer, nullable=False),  # it was sent, and sending it again is safe
    Column("attempts", Integer, nullable=False),
    Column("due_at", Float, nullable=False),  # not before this time
    Column("finished_at", Float),
    Index("connector_bulk_row_finished", "run", "finished_at"),
    Index("connector_bulk_row_state", "run", "state"),
)
SCHEMA = define_schema("bulk", "the journal of bulk runs", [RUNS, ROWS])
_NOW_BY_DIALECT: dict[str, ColumnElement[Any]] = {
    "sqlite": literal_column("((julianday('now') - 2440587.5) * 86400.0)"),
    "postgresql": literal_column("CAST(extract(epoch FROM clock_timestamp()) AS double precision)"),
}


def queue_name(connector: str, place: str | None) -> str:
    """Return the queue of a connector and of the place that it calls: a worker takes only rows that it can run."""
    return f"{connector} {place or 'service'}"


def now_of(dialect: str) -> ColumnElement[Any]:
    """Return the expression of the database's time in epoch seconds, on which all workers agree."""
    return _NOW_BY_DIALECT[dialect]


@dataclass(frozen=True, slots=True)
class SharedRun:
    """A run as the database has it: `header` says what it belongs to, `options` how each row is called."""

    id: str
    name: str
    header: dict[str, Any]
    options: dict[str, Any]
    queue: str
    count: int
    batch_size: int
    loaded: int
    state: str
    reason: dict[str, Any] | None
    turn: int
    keep_going: bool
    created_at: float

    @property
    def is_running(self) -> bool:
        """Whether its rows may be taken."""
        return self.state == RUN_RUNNING

    @classmethod
    def from_row(cls, row: Mapping[Any, Any]) -> SharedRun:
        """Return the run of a row of the table."""
        facts = dict(row)
        for name in ("header", "options", "reason"):
            facts[name] = None if facts[name] is None else json.loads(facts[name])
        return cls(**{**facts, "keep_going": bool(facts["keep_going"])})


class RowCodec:
    """Keeps inputs and results as text: encrypted if there are keys, else as JSON."""

    def __init__(self, run: str, keyring: Keyring | None, place: str) -> None:
        self._run, self._keyring, self._place = run, keyring, place

    def encode(self, number: int, data: Mapping[str, Any]) -> str:
        """Return data of a row as text."""
        if self._keyring is None:
            return json.dumps({"plain": data}, default=str)
        plain = json.loads(json.dumps(data, default=str))
        return json.dumps(self._keyring.encrypt(self._label(number), plain))

    def decode(self, number: int, text: str) -> dict[str, Any]:
        """Return the data of a text. Raises StoreError if it cannot be decrypted."""
        kept: dict[str, Any] = json.loads(text)
        if "plain" in kept:
            data: dict[str, Any] = kept["plain"]
            return data
        if self._keyring is None:
            from connector.errors import StoreError

            message = f"The rows in {self._place} are encrypted with key {kept['key']}, and no key is set."
            hint = "Set CONNECTOR_KEY or CONNECTOR_KEY_FILE to the key that they were stored with."
            raise StoreError(message, hint=hint, path=self._place)
        return self._keyring.decrypt(self._label(number), kept, self._place)

    def _label(self, number: int) -> str:
        return f"bulk/{self._run}/{number}"
