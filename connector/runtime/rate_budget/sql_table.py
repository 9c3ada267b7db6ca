"""The SQL table of rate states: many operations in one transaction, which excludes all other callers."""

from __future__ import annotations

import hashlib
import json
from collections import deque
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import Column, Float, MetaData, Table, Text, delete, select, text
from sqlalchemy.dialects import postgresql, sqlite

from connector.core import rate_feedback, rate_limit
from connector.core.rate_limit import RateState, RequestedRate
from connector.runtime.database.table_schema import define_schema

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

    from connector.core.rate_feedback import RateFeedback
    from connector.errors import RateLimited
    from connector.runtime.clock import Clock
    from connector.runtime.database.database import Database
    from connector.runtime.rate_budget.memory_ledger import NamedRates

TABLE = Table(
    "connector_budget",
    MetaData(),
    Column("key", Text, primary_key=True),
    Column("line", Text, nullable=False),
    Column("ends", Float, nullable=False),
)
SCHEMA = define_schema("budget", "the rate budget", [TABLE])
_UPSERT: Any = {
    name: insert.on_conflict_do_update(
        index_elements=["key"], set_={key: insert.excluded[key] for key in ("line", "ends")}
    )
    for name, insert in (("sqlite", sqlite.insert(TABLE)), ("postgresql", postgresql.insert(TABLE)))
}
# the order of the numbers in a stored state
_STORED_NUMBERS = ("next_free", "closed_until", "closed_at", "reduced_gap", "reduced_until", "last_now")
_LOCK_ACCOUNT = text("SELECT pg_advisory_xact_lock(:number)")
_SERVER_TIME = text("SELECT CAST(extract(epoch FROM clock_timestamp()) AS double precision)")
_SESSION_SETTINGS = {
    # a power cut may lose the last second of a budget; that is not worth a disk sync per request
    "sqlite": ["PRAGMA synchronous=NORMAL"],
    "postgresql": ["SET synchronous_commit=off", "SET lock_timeout='9s'", "SET statement_timeout='9s'"],
}


class LedgerOp(NamedTuple):
    """An operation on the table: acquire a slot within `seconds_left`, or apply `feedback`.

    `reserved_ago` is how many seconds ago the slot was reserved that is now due; a request of a `weight` takes as many.
    """

    account: str
    named_rates: NamedRates
    seconds_left: float = 0.0
    reserved_ago: float | None = None
    feedback: RateFeedback | None = None
    weight: int = 1


class LedgerResult(NamedTuple):
    """The seconds until the slot or RateLimited, and how many seconds ago each rate was closed, if it is."""

    delay: float | RateLimited
    closed_ago: list[float | None]


class LedgerTable:
    """The rate states of all accounts in a database."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self.database = database
        self._clock = clock

    def execute(self, ops: Sequence[LedgerOp]) -> list[LedgerResult]:
        """Run operations in order, in one transaction. Raises StoreError; then none of them took effect."""
        return self.database.run(lambda connection: self._execute_in_transaction(connection, ops))

    def _execute_in_transaction(self, connection: Connection, ops: Sequence[LedgerOp]) -> list[LedgerResult]:
        dialect = connection.dialect.name
        if "budget" not in connection.info:
            for statement in _SESSION_SETTINGS[dialect]:
                connection.exec_driver_sql(statement)
            connection.info["budget"] = True
        connection.exec_driver_sql(self.database.begin_statement)
        try:
            if dialect == "postgresql":
                for account in sorted({op.account for op in ops}):
                    connection.execute(_LOCK_ACCOUNT, {"number": _advisory_lock_id(account)})
            results = self._apply_ops(connection, ops, self._read_time(connection, dialect))
            connection.exec_driver_sql("COMMIT")
        except BaseException:
            if not connection.invalidated:
                connection.exec_driver_sql("ROLLBACK")
            raise
        return results

    def _read_time(self, connection: Connection, dialect: str) -> float:
        """Return the time that all callers agree on, in epoch seconds: the server's, or this machine's."""
        return float(connection.scalar(_SERVER_TIME)) if dialect == "postgresql" else self._clock.time()

    def _apply_ops(self, connection: Connection, ops: Sequence[LedgerOp], now: float) -> list[LedgerResult]:
        rates_by_key = {row_key(op.account, name): rate for op in ops for name, rate in op.named_rates}
        rows = connection.execute(select(TABLE.c.key, TABLE.c.line).where(TABLE.c.key.in_(rates_by_key)))
        stored_states = {name: load_state(state) for name, state in rows}
        states = {name: stored_states.get(name) or RateState() for name in rates_by_key}
        results = [_apply_op(op, states, now) for op in ops]
        updated_rows = [
            {"key": name, "line": dump_state(state), "ends": state.expires_at(rates_by_key[name])}
            for name, state in states.items()
        ]
        connection.execute(_UPSERT[connection.dialect.name], updated_rows)
        return results

    def read_states(self, account: str) -> dict[str, RateState]:
        """Return the states of an account's rates, by what their keys say after it. Raises StoreError."""
        query = select(TABLE.c.key, TABLE.c.line).where(TABLE.c.key.startswith(f"{account}/", autoescape=True))
        rows = self.database.run(lambda connection: connection.execute(query).all())
        states = {key[len(account) + 1 :]: load_state(line) for key, line in rows}
        return {name: state for name, state in states.items() if state is not None}

    def delete_expired(self) -> None:
        """Delete the rows that limit nothing any more. Raises StoreError."""
        self.database.run(self._delete_expired)

    def _delete_expired(self, connection: Connection) -> None:
        connection.execute(delete(TABLE).where(TABLE.c.ends < self._read_time(connection, connection.dialect.name)))


def _apply_op(op: LedgerOp, states: dict[str, RateState], now: float) -> LedgerResult:
    requested_rates = [RequestedRate(name, rate, states[row_key(op.account, name)]) for name, rate in op.named_rates]
    answer: float | RateLimited = now
    if op.feedback is not None:
        rate_feedback.apply_feedback(requested_rates, op.feedback, now)
    elif op.reserved_ago is None:
        answer = rate_limit.acquire_slots(requested_rates, now, now + op.seconds_left, op.weight)
    else:
        reserved_at, deadline = now - op.reserved_ago, now + op.seconds_left
        answer = rate_limit.revalidate_slots(requested_rates, reserved_at, now, deadline, op.weight)
    closed_ago = [now - item.state.closed_at if item.state.closed_until > now else None for item in requested_rates]
    return LedgerResult(answer - now if isinstance(answer, float) else answer, closed_ago)


def row_key(account: str, name: str) -> str:
    """Return the key of a rate's row; the value of a quota may be an email address, so it is hashed."""
    kind, separator, value = name.partition(":")
    return f"{account}/{kind}:{hashlib.sha256(value.encode()).hexdigest()[:32]}" if separator else f"{account}/{kind}"


def dump_state(state: RateState) -> str:
    """Encode a rate state as JSON text."""
    numbers = [getattr(state, name) for name in _STORED_NUMBERS]
    return json.dumps([numbers, [list(timestamps) for timestamps in state.window_logs], state.daily_counts])


def load_state(state_text: str) -> RateState | None:
    """Decode a rate state; None for a damaged one: a budget that starts again is better than no calls."""
    try:
        numbers, logs, days = json.loads(state_text)
        fields = dict(zip(_STORED_NUMBERS, numbers, strict=True))
        return RateState(**fields, window_logs=[deque(timestamps) for timestamps in logs], daily_counts=days)
    except (ValueError, TypeError):
        return None


def _advisory_lock_id(account: str) -> int:
    """Return the 64-bit number of an account's advisory lock."""
    digest = hashlib.sha256(b"connector_budget\0" + account.encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:8], "big", signed=True)
