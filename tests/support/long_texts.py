"""Texts that are hard on patterns: each repeats what a pattern may begin at, to a given length."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

UNITS = (
    "a.a.", "\\", "abcd-abcd-", '"message":"', "scopes:[", '"a":"', "://", "a://b@", "Bearer ", "basic%20", "%25", "%41",
    "&amp;", "&#x0", "\\u0041", '{"token":"x\\', "&token=", "%26token%3D", '\\"', '"token": [', "\x1b[", "\u202e", "é",
    "&quot;token&quot;:", "canary-",
)  # fmt: skip
LONG = 1_000_000


def repeat(unit: str, length: int = LONG) -> str:
    """Return a text of so many characters."""
    return (unit * (length // len(unit) + 1))[:length]


def measure_growth(work: Callable[[str], object], unit: str) -> tuple[float, float]:
    """Return the processor seconds of work on a tenth of a long text, and on the whole."""
    return _measure(work, repeat(unit, LONG // 10)), _measure(work, repeat(unit))


def _measure(work: Callable[[str], object], text: str) -> float:
    began = time.process_time()
    work(text)
    return time.process_time() - began
