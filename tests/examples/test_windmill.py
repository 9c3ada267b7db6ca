"""The step for Windmill, run as Windmill runs a Python script: one process a job, arguments and result as JSON files."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from support.servers import TOKEN

FOLDER = Path(__file__).parents[2] / "examples" / "windmill"
WRAPPER = """
import json, sys, traceback
from create_meeting import main

try:
    result, code = main(**json.load(open("args.json"))), 0
except BaseException as e:
    result, code = {"message": str(e), "name": type(e).__name__, "stack": traceback.format_exc(), "extra": e.__dict__}, 1
json.dump(result, open("result.json", "w"), default=str)
sys.exit(code)
"""


@pytest.fixture
def run_job(tmp_path, environment, account):
    """Run a job of the step; return its exit code and its result."""

    def run(**args):
        store = {"url": account["CONNECTOR_STORE"], "key": account["CONNECTOR_KEY"]}
        (tmp_path / "args.json").write_text(json.dumps({"store": store, "connection": "work", **args}))
        places = f"{environment['PYTHONPATH']}:{FOLDER}"
        settings = {
            **environment,
            "PYTHONPATH": places,
            "ZOOM_BASE_URL": account["ZOOM_BASE_URL"],
            "WM_FLOW_STEP_ID": "create",
        }
        done = subprocess.run([sys.executable, "-c", WRAPPER], cwd=tmp_path, env=settings, timeout=60, check=False)
        kept = (tmp_path / "result.json").read_text()
        assert TOKEN not in kept
        assert store["key"] not in kept
        return done.returncode, json.loads(kept)

    return run


def test_a_meeting_is_the_result_of_the_step(run_job):
    code, result = run_job(topic="Standup")
    assert (code, result["result"]["data"]["topic"]) == (0, "Standup")


def test_what_is_worth_another_attempt_fails_the_job_and_the_next_attempt_succeeds(run_job, sandbox):
    sandbox.add_fault("429:1")
    assert run_job(topic="Standup")[0] == 1
    assert run_job(topic="Standup")[0] == 0
    assert [request.status for request in sandbox.requests] == [429, 201]


@pytest.mark.parametrize(
    ("fault", "given", "outcome"),
    [
        ("drop-reply:1", {}, "uncertain"),
        (None, {"duration": -1}, "not_sent"),
        (None, {"connection": "nobody"}, "not_sent"),
    ],
    ids=["lost reply", "wrong input", "no connection"],
)
def test_what_no_attempt_will_mend_is_a_result_with_an_error(run_job, sandbox, fault, given, outcome):
    if fault:
        sandbox.add_fault(fault)
    code, result = run_job(topic="Standup", **given)
    assert (code, result["error"]["outcome"], result["again"]) == (0, outcome, None)
    assert len(sandbox.requests) == (fault is not None)


def test_the_step_names_the_address_of_the_package_and_not_its_name_alone():
    text = (FOLDER / "create_meeting.py").read_text("utf-8")
    found = re.search(r"^# /// script\n((?:# .*\n)+?)# ///$", text, re.MULTILINE)[1]
    metadata = tomllib.loads(re.sub("^# ", "", found, flags=re.MULTILINE))
    (dependency,) = metadata["dependencies"]
    assert re.fullmatch(r"connector\[sql,crypto\] @ https://\S+\.whl", dependency)


def test_the_flow_passes_what_the_step_takes():
    (module,) = yaml.safe_load((FOLDER / "flow.yaml").read_text("utf-8"))["value"]["modules"]
    assert set(module["value"]["input_transforms"]) == {"store", "connection", "topic"}
    assert module["value"]["path"].endswith("/create_meeting")
