"""Store the rows of a shared bulk run, many at once."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, insert, select, update

from connector.runtime.bulk.shared_tables import PLAIN_PREFIX, ROW_WAITING, ROWS, RUNS, now_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sqlalchemy import Connection

    from connector.runtime.bulk.row_reader import Row
    from connector.runtime.bulk.shared_journal import SharedJournal
    from connector.runtime.bulk.shared_tables import RowCodec, SharedRun

_INSERTED_AT_ONCE = 1000  # rows
_UNSENT = {"may_resend": 0, "attempts": 0, "due_at": 0.0}


def load_rows(journal: SharedJournal, run: SharedRun, rows: Iterable[Row]) -> Iterator[int]:
    """Store the rows that are not stored yet; yield how many are stored, each time that there are more.

    Raises StoreError.
    """
    codec = journal.codec_of(run.id)
    missing = (row for row in rows if row.number > run.loaded)
    while batch := list(itertools.islice(missing, _INSERTED_AT_ONCE)):
        values = [_build_row(run, row, codec) for row in batch]

        def store(connection: Connection, values: list[dict[str, Any]] = values) -> None:
            now = connection.scalar(select(now_of(connection.dialect.name)))
            timed = [{**row, "finished_at": now if row["result"] else None} for row in values]
            connection.execute(insert(ROWS), timed)
            connection.execute(update(RUNS).where(RUNS.c.id == run.id).values(loaded=values[-1]["number"]))

        journal.run_in_transaction(store)
        yield batch[-1].number


def check_key(journal: SharedJournal, run: SharedRun) -> None:
    """Raise StoreError if rows of a run are encrypted with a key that this process does not have."""
    kept = func.coalesce(ROWS.c.inputs, ROWS.c.result)
    is_encrypted = kept.is_not(None) & ~kept.startswith(PLAIN_PREFIX)
    query = select(ROWS.c.number, kept).where((ROWS.c.run == run.id) & is_encrypted).limit(1)
    found = journal.run(lambda connection: connection.execute(query).first())
    if found is not None:
        journal.codec_of(run.id).decode(*found)


def _build_row(run: SharedRun, row: Row, codec: RowCodec) -> dict[str, Any]:
    """Return a row as it is stored; one that is invalid has its result already."""
    batch = (row.number - 1) // run.batch_size * run.batch_size + 1
    stored = {"run": run.id, "number": row.number, "line": row.line, "batch": batch, **_UNSENT}
    if row.error is None:
        return {**stored, "state": ROW_WAITING, "inputs": codec.encode(row.number, row.given), "result": None}
    result = {"row": row.number, "line": row.line, "outcome": "not_sent", "attempts": 0, "error": row.error.to_dict()}
    return {**stored, "state": "not_sent", "inputs": None, "result": codec.encode(row.number, result)}
