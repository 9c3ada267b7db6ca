"""The example runs as its first lines say: by itself, without a scheduler."""

from __future__ import annotations

import os
import subprocess
import sys

from support.package_source import HOME

EXAMPLE = HOME.parent / "examples" / "airflow" / "welcome.py"


def test_the_example_of_a_dag_runs_and_repeats_what_was_refused(service, tmp_path):
    served = service("429:1")
    environment = {
        **os.environ,
        "AIRFLOW_HOME": str(tmp_path / "home"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__DAGS_FOLDER": str(EXAMPLE.parent),
        "AIRFLOW__LOGGING__LOGGING_LEVEL": "CRITICAL",
    }
    for command in (["-m", "airflow", "db", "migrate"], [str(EXAMPLE)]):
        done = subprocess.run([sys.executable, *command], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-4:] == [
        "success",
        "user success at try 2",
        "meeting success at try 1",
        "listed success at try 1",
    ]
    assert served.list_topics() == ["Welcome, Ada"]
