"""Strict JSON: without NaN and Infinity, and where asked without a key that appears twice."""

from __future__ import annotations

import json
from typing import Any


class DuplicateKeyError(ValueError):
    """A JSON object that has the same key twice."""


def loads(text: str, *, unique_keys: bool = False) -> Any:
    """Parse a JSON text. Raises ValueError; json.JSONDecodeError for a syntax error, with its position.

    `unique_keys` raises DuplicateKeyError where Python keeps the last value of a key.
    """
    try:
        return json.loads(
            text, parse_constant=_reject_constant, object_pairs_hook=_build_object if unique_keys else None
        )
    except RecursionError:
        raise ValueError("The JSON is nested too deeply.") from None


def _reject_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON.")


def _build_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    data = dict(pairs)
    if len(data) < len(pairs):
        raise DuplicateKeyError("A key appears twice.")
    return data
