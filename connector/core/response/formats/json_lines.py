"""Read lines of JSON (NDJSON) as a list of values."""

from __future__ import annotations

from typing import Any

from connector.core.response.decoding import DecodedBody, decode_json


def parse_json_lines(body: bytes) -> DecodedBody:
    """Return the value of each line; blank lines are none. Raises ValueError for a line that is no JSON."""
    values: list[Any] = []
    warnings: tuple[str, ...] = ()
    for number, line in enumerate(body.split(b"\n"), 1):
        if not line.strip():
            continue
        try:
            value, told = decode_json(line)
        except ValueError as error:
            raise ValueError(f"line {number}: {error}") from None
        values.append(value)
        warnings += told
    return DecodedBody(values, tuple(dict.fromkeys(warnings)))
