"""Airflow, which runs once for all tests of a process; without it, there is nothing to collect here."""

from __future__ import annotations

import os
import tempfile
from importlib.util import find_spec

import pytest

if find_spec("airflow") is None:
    collect_ignore_glob = ["test_*.py"]
else:  # what Airflow writes when it is imported is not for the home of who runs the tests
    os.environ.setdefault("AIRFLOW_HOME", tempfile.mkdtemp(prefix="connector-airflow-home-"))


@pytest.fixture
def engine(request):
    """The running Airflow; a test that serves something asks for that first."""
    from support.processes.engines.airflow_engine import start_engine

    if "service" in request.fixturenames:
        request.getfixturevalue("service")
    started = []

    def start():
        started.append(start_engine(None, "SQLite"))
        return started[-1]

    yield start
    for one in started:
        one.close()
