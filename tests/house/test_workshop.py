"""The hosted CI and the hooks run what the gate runs, on every Python that the package supports."""

from __future__ import annotations

import re
import tomllib

import pytest
import yaml
from support.package_source import HOME

ROOT = HOME.parent
GATE = (ROOT / ".ci" / "run").read_text("utf-8")


@pytest.fixture(scope="module")
def matrix():
    hosted = yaml.safe_load((ROOT / ".github" / "workflows" / "ci.yml").read_text("utf-8"))
    return hosted["jobs"]["gate"]["strategy"]["matrix"]


def test_the_hosted_ci_runs_every_part_of_the_gate(matrix):
    parts = re.search(r"^parts=\((.*)\)$", GATE, re.MULTILINE)[1].split()
    assert set(parts) == set(re.findall(r"^part_(\w+)\(\)", GATE, re.MULTILINE))
    assert set(matrix["part"]) == set(parts) - {"pythons"}, "the matrix stands for the other Pythons"


def test_the_hosted_ci_tests_every_supported_python(matrix):
    classifiers = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["classifiers"]
    supported = {line.split(" :: ")[-1] for line in classifiers if re.search(r":: 3\.\d+$", line)}
    assert {*matrix["python"], *(one["python"] for one in matrix["include"] if one["part"] == "tests")} == supported


def test_every_hook_is_a_check_of_the_gate():
    config = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text("utf-8"))
    hooks = [hook["entry"].removeprefix(".venv/bin/") for repo in config["repos"] for hook in repo["hooks"]]
    missing = [hook for hook in hooks if f'"$bin/{hook.split()[0]}" {" ".join(hook.split()[1:])}'.strip() not in GATE]
    assert missing == []


def test_tests_that_are_left_out_by_default_are_run_by_the_gate():
    options = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["pytest"]["ini_options"]
    assert "-m 'not long and not kills'" in options["addopts"]
    assert '-m "kills and not long"' in GATE
