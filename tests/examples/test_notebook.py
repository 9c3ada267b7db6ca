"""The notebook runs from its first cell to its last, and shows results as tables without secrets."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from support.servers import TOKEN

pytest.importorskip("nbclient", reason="nbclient is not installed: pip install '.[examples]'")
pytest.importorskip("ipykernel", reason="ipykernel is not installed: pip install '.[examples]'")
NOTEBOOK = Path(__file__).parents[2] / "examples" / "notebook" / "meetings.ipynb"


def run(folder, environment, **settings):
    """Run a copy of the notebook in a kernel of its own; return the outputs of each cell of code."""
    copy = shutil.copy(NOTEBOOK, folder / "copy.ipynb")
    program = Path(sys.executable).with_name("jupyter-execute")
    command = [program, "--inplace", "--kernel_name=python3", copy]
    done = subprocess.run(
        command, env={**environment, **settings}, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    return [cell["outputs"] for cell in json.loads(copy.read_text("utf-8"))["cells"] if cell["cell_type"] == "code"]


def test_it_shows_results_as_tables_in_a_running_loop(tmp_path, environment):
    _, listed, users, details, problems = run(tmp_path, environment)
    table = "".join(listed[0]["data"]["text/html"])
    assert table.count("<tr") >= 4
    assert all(topic in table for topic in ("Standup", "Retro", "Planning"))
    assert "'email'" in "".join(users[0]["data"]["text/plain"])
    assert "".join(details[0]["data"]["text/plain"]).count("30") == 3
    assert "did you mean topic?" in "".join(problems[0]["text"])


def test_with_an_account_nothing_shows_its_token(tmp_path, environment, stand_in, sandbox):
    outputs = run(tmp_path, environment, ZOOM_BASE_URL=stand_in.url, ZOOM_ACCESS_TOKEN=TOKEN)
    assert TOKEN not in json.dumps(outputs)
    assert len(sandbox.find_requests("createMeeting")) == 3


def test_it_is_kept_without_outputs():
    cells = json.loads(NOTEBOOK.read_text("utf-8"))["cells"]
    assert all(not cell["outputs"] and cell["execution_count"] is None for cell in cells if cell["cell_type"] == "code")
