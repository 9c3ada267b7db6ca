"""Records as a Parquet file, with the types of their fields."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from connector.runtime.process.extras import require

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

_TIMES = ("seen_at", "gone_at")


def write_parquet(
    path: Path, columns: Sequence[str], rows: Sequence[tuple[Any, ...]], types: Mapping[str, str]
) -> None:
    """Write the rows of a view; `types` are those of the plain fields. A value of another type is left out.

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
    arrays = [
        pa.array([_convert(row[index], kind) for row in rows], type=arrow_types[kind])
        for index, kind in enumerate(kinds)
    ]
    content = pa.BufferOutputStream()  # of a path, pyarrow removes what it fails to write, even a device
    parquet.write_table(pa.Table.from_arrays(arrays, schema=schema), content)
    path.write_bytes(content.getvalue())


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
        return int(value) if number.is_integer() and abs(number) < 2**63 else None
    return number
