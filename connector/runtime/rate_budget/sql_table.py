"""The table of taken slots: many asks in one transaction, alone among all who share the database."""

from __future__ import annotations

import hashlib
import json
from collections import deque
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import Column, Float, MetaData, Table, Text, delete, select, text
from sqlalchemy.dialects import postgresql, sqlite

from connector.core import rate_limit as rates
from connector.core.rate_limit import Asked, Line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

    from connector.core.rate_limit import Heard, Rate
    from connector.errors import RateLimited
    from connector.runtime.clock import Clock
    from connector.runtime.database.database import Database

    Wanted = tuple[tuple[str, Rate], ...]

TABLE = Table(
    "connector_budget",
    MetaData(),
    Column("key", Text, primary_key=True),
    Column("line", Text, nullable=False),
    Column("ends", Float, nullable=False),
)
_PUT: Any = {
    "sqlite": sqlite.insert(TABLE).on_conflict_do_update(
        index_elements=["key"],
        set_={"line": sqlite.insert(TABLE).excluded.line, "ends": sqlite.insert(TABLE).excluded.ends},
    ),
    "postgresql": postgresql.insert(TABLE).on_conflict_do_update(
        index_elements=["key"],
        set_={"line": postgresql.insert(TABLE).excluded.line, "ends": postgresql.insert(TABLE).excluded.ends},
    ),
}
_ALONE = text("SELECT pg_advisory_xact_lock(:number)")
_TIME = text("SELECT CAST(extract(epoch FROM clock_timestamp()) AS double precision)")
_PLAIN = {
    # a power cut may take the last second of a budget, which is not worth a wait for the disk at each request
    "sqlite": ["PRAGMA synchronous=NORMAL"],
    "postgresql": ["SET synchronous_commit=off", "SET lock_timeout='9s'", "SET statement_timeout='9s'"],
}


class Work(NamedTuple):
    """What is asked of the table: a slot in so many seconds at most, or with `heard` to apply what a reply said.

    `held` is how many seconds ago a slot was taken whose time has come.
    """

    account: str
    wanted: Wanted
    left: float = 0.0
    held: float | None = None
    heard: Heard | None = None


class Done(NamedTuple):
    """What came of it: the seconds until the slot or RateLimited, and how long ago each rate was closed, if it is."""

    gap: float | RateLimited
    shut: list[float | None]


class Rows:
    """The lines of all accounts in a database."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self.database = database
        self._clock = clock

    def do(self, works: Sequence[Work]) -> list[Done]:
        """Do works in their order, in one transaction. Raises StoreError; then nothing is done."""
        return self.database.run(lambda connection: self._together(connection, works))

    def _together(self, connection: Connection, works: Sequence[Work]) -> list[Done]:
        kind = connection.dialect.name
        if "budget" not in connection.info:
            for statement in _PLAIN[kind]:
                connection.exec_driver_sql(statement)
            connection.info["budget"] = True
        connection.exec_driver_sql(self.database.begin)
        try:
            if kind == "postgresql":
                for account in sorted({work.account for work in works}):
                    connection.execute(_ALONE, {"number": _number(account)})
            done = self._done(connection, works, self._now(connection, kind))
            connection.exec_driver_sql("COMMIT")
        except BaseException:
            if not connection.invalidated:
                connection.exec_driver_sql("ROLLBACK")
            raise
        return done

    def _now(self, connection: Connection, kind: str) -> float:
        """Return the time that all who share the database agree on: the server's, or this machine's."""
        return float(connection.scalar(_TIME)) if kind == "postgresql" else self._clock.time()

    def _done(self, connection: Connection, works: Sequence[Work], now: float) -> list[Done]:
        names = {key(work.account, name): rate for work in works for name, rate in work.wanted}
        rows = connection.execute(select(TABLE.c.key, TABLE.c.line).where(TABLE.c.key.in_(names)))
        kept = {name: read(line) for name, line in rows}
        lines = {name: kept.get(name) or Line() for name in names}
        done = [_one(work, lines, now) for work in works]
        rows_now = [{"key": name, "line": shown(line), "ends": line.ends(names[name])} for name, line in lines.items()]
        connection.execute(_PUT[connection.dialect.name], rows_now)
        return done

    def forget(self) -> None:
        """Remove the rows that say nothing any more. Raises StoreError."""
        self.database.run(self._forget)

    def _forget(self, connection: Connection) -> None:
        connection.execute(delete(TABLE).where(TABLE.c.ends < self._now(connection, connection.dialect.name)))


def _one(work: Work, lines: dict[str, Line], now: float) -> Done:
    keys = [key(work.account, name) for name, _ in work.wanted]
    asked = [Asked(name, rate, lines[one]) for (name, rate), one in zip(work.wanted, keys, strict=True)]
    answer: float | RateLimited = now
    if work.heard is not None:
        rates.correct(asked, work.heard, now)
    elif work.held is None:
        answer = rates.acquire(asked, now, now + work.left)
    else:
        answer = rates.again(asked, now - work.held, now, now + work.left)
    shut = [now - one.line.shut if one.line.closed > now else None for one in asked]
    return Done(answer - now if isinstance(answer, float) else answer, shut)


def key(account: str, name: str) -> str:
    """Return the key of a rate's row; the value of a cap may be somebody's address, so it stands there as a digest."""
    kind, colon, value = name.partition(":")
    return f"{account}/{kind}:{hashlib.sha256(value.encode()).hexdigest()[:32]}" if colon else f"{account}/{kind}"


def shown(line: Line) -> str:
    """Return a line as text."""
    numbers = [line.free, line.closed, line.shut, line.slow, line.slow_until, line.seen]
    return json.dumps([numbers, [list(log) for log in line.logs], line.days])


def read(line: str) -> Line | None:
    """Return the line of a text, None when it is damaged: a budget begins anew rather than to stop every call."""
    try:
        (free, closed, shut, slow, slow_until, seen), logs, days = json.loads(line)
        return Line(free, closed, shut, slow, slow_until, seen, [deque(log) for log in logs], days)
    except (ValueError, TypeError):
        return None


def _number(account: str) -> int:
    """Return the number of an account's advisory lock, of 64 bits."""
    digest = hashlib.sha256(b"connector_budget\0" + account.encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:8], "big", signed=True)
