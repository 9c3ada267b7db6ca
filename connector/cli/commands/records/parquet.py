"""Records as a Parquet file, with the types of their fields."""

from __future__ import annotations

import json
import math
from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from connector.runtime.process.extras import require

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

_TIMES = ("seen_at", "gone_at")


def write_parquet(
    path: Path, columns: Sequence[str], rows: Sequence[tuple[Any, ...]], types: Mapping[str, str]
) -> dict[str, int]:
    """Write the rows of a view; `types` are those of the plain fields.

    A value that does not fit the type of its column is in the column `data` alone; return how many those are by column.
    Raises UsageError if pyarrow is not installed, OSError.
    """
    require("parquet", "pyarrow")
    import pyarrow as pa
    from pyarrow import parquet

    arrow_types = {
        "string": pa.string(), "integer": pa.int64(), "number": pa.float64(),
        "boolean": pa.bool_(), "time": pa.timestamp("us", tz="UTC"),
    }  # fmt: skip
    kinds = ["time" if name in _TIMES else types.get(name, "string") for name in columns]
    schema = pa.schema([(name, arrow_types[kind]) for name, kind in zip(columns, kinds, strict=True)])
    values = [[_convert(value, kind) for value, kind in zip(row, kinds, strict=True)] for row in rows]
    arrays = [pa.array([row[index] for row in values], type=arrow_types[kind]) for index, kind in enumerate(kinds)]
    content = pa.BufferOutputStream()  # of a path, pyarrow removes what it fails to write, even a device
    parquet.write_table(pa.Table.from_arrays(arrays, schema=schema), content)
    path.write_bytes(content.getvalue())
    return _count_left_out([name if name in types else "" for name in columns], values, columns.index("data"))


def _count_left_out(fields: Sequence[str], values: Sequence[Sequence[Any]], data_index: int) -> dict[str, int]:
    """Return how many values of each field are in the data of a record and not in its column."""
    counts: Counter[str] = Counter()
    for row in values:
        empty = [name for name, value in zip(fields, row, strict=True) if name and value is None]
        if empty:
            data = json.loads(row[data_index])
            counts.update(name for name in empty if data.get(name) is not None)
    return dict(counts)


def _convert(value: Any, kind: str) -> Any:
    """Return a value as its column has it; databases have their own forms of numbers and of true."""
    if value is None:
        return None
    if kind == "string":
        return value if isinstance(value, str) else None
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    if not math.isfinite(number):
        return None
    if kind == "time":
        return datetime.fromtimestamp(number, UTC)
    if kind == "boolean":
        return bool(number) if number in (0, 1) else None
    if kind == "integer":
        return _to_integer(value) if number.is_integer() else None
    return number


def _to_integer(value: Any) -> int | None:
    """Return a whole number, or None where 64 bits do not hold it."""
    try:
        whole = int(value)
    except ValueError:  # text such as 1e3
        return None
    return whole if -(2**63) <= whole < 2**63 else None
