"""Every HTTP library, with both clients: one text of tests, so that no promise depends on the library."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support.transports import Seam

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(params=["httpx", "httpx2", "pyreqwest"])
def library(request: pytest.FixtureRequest) -> str:
    """One HTTP library after the other."""
    name = str(request.param)
    pytest.importorskip(name, reason=f"the HTTP library {name} is not installed")
    return name


@pytest.fixture
def seam(library: str, kind: str) -> Iterator[Seam]:
    """The library's seam, for threads and for tasks."""
    one = Seam(library, kind)
    yield one
    one.end()
