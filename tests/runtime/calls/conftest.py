"""What the tests of calls share."""

from __future__ import annotations

import logging

import pytest


@pytest.fixture
def log(caplog):
    """Every record of every logger, the HTTP libraries' own included."""
    caplog.set_level(logging.DEBUG)
    for name in (
        "httpx",
        "httpcore",
        "httpcore.http11",
        "httpcore.connection",
        "asyncio",
        "connector",
        "connector.debug",
        "hpack",
    ):
        caplog.set_level(logging.DEBUG, logger=name)
    return caplog
