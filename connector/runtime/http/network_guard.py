"""Refuse requests to other machines, for tests; every HTTP library asks before it sends."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from connector.core.url_policy import is_loopback_url
from connector.runtime.http.proxies import NetworkSettingError

if TYPE_CHECKING:
    from collections.abc import Iterator

_reasons: list[str] = []  # of the guards in force; the last one is told


@contextlib.contextmanager
def refusing_other_machines(reason: str) -> Iterator[None]:
    """Refuse requests that would leave this machine, of every client of the process; `reason` says who refuses."""
    _reasons.append(reason)
    try:
        yield
    finally:
        _reasons.remove(reason)


def check_base_url(base_url: str) -> None:
    """Raise NetworkSettingError for a base URL on another machine while such requests are refused."""
    if _reasons and not is_loopback_url(base_url):
        raise NetworkSettingError("guard", _reasons[-1])
