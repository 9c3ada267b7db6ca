"""Airflow, which runs once for all tests of a process; without it, there is nothing to collect here."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from importlib.util import find_spec

import pytest

if find_spec("airflow") is None:
    collect_ignore_glob = ["test_*.py"]
else:  # what Airflow writes when it is imported is not for the home of who runs the tests
    os.environ["AIRFLOW_HOME"] = tempfile.mkdtemp(prefix="connector-airflow-home-")
    atexit.register(shutil.rmtree, os.environ["AIRFLOW_HOME"], ignore_errors=True)


@pytest.fixture
def engine():
    """Start to work with the running Airflow, after the service that its tasks call."""
    from support.processes.engines.airflow_engine import start_engine

    started = []

    def start():
        started.append(start_engine(None, "SQLite"))
        return started[-1]

    yield start
    for one in started:
        one.close()
