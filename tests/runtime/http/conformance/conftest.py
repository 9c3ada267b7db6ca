"""The same tests for every HTTP library and both clients."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support.transports import LibraryTransport

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(params=["httpx", "httpx2", "pyreqwest"])
def library(request: pytest.FixtureRequest) -> str:
    """Each HTTP library."""
    name = str(request.param)
    pytest.importorskip(name, reason=f"the HTTP library {name} is not installed")
    return name


@pytest.fixture
def transport(library: str, kind: str) -> Iterator[LibraryTransport]:
    """The library's transport, for threads and for tasks."""
    one = LibraryTransport(library, kind)
    yield one
    one.end()
