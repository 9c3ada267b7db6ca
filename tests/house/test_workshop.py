"""The hosted CI and the hooks run what the gate runs, on every Python that the package supports."""

from __future__ import annotations

import re
import tomllib

import pytest
import yaml
from support.package_source import HOME, ROOMS, forbid

ROOT = HOME.parent
GATE = (ROOT / ".ci" / "run").read_text("utf-8")


@pytest.fixture(scope="module")
def matrix():
    hosted = yaml.safe_load((ROOT / ".github" / "workflows" / "ci.yml").read_text("utf-8"))
    return hosted["jobs"]["gate"]["strategy"]["matrix"]


def test_the_hosted_ci_runs_every_part_of_the_gate(matrix):
    parts = re.search(r"^parts=\((.*)\)$", GATE, re.MULTILINE)[1].split()
    assert set(parts) == set(re.findall(r"^part_(\w+)\(\)", GATE, re.MULTILINE))
    assert set(matrix["part"]) == set(parts) - {"newest"}, "the matrix stands for the other Pythons"


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


PAGES = [ROOT / name for name in ("ARCHITECTURE.md", "CONTRIBUTING.md", "SECURITY.md")]


@pytest.mark.parametrize(
    "page", [*PAGES, *sorted((ROOT / "docs" / "decisions").glob("*.md"))], ids=lambda page: page.name
)
def test_files_and_folders_that_a_page_names_are_there(page):
    named = re.findall(r"`((?:[\w.-]+/)+(?:[\w-]+\.(?:py|yaml|md))?)`", page.read_text("utf-8"))
    forbid("Named files exist", [name for name in named if not ((ROOT / name).exists() or (HOME / name).exists())])


def test_the_architecture_names_every_folder_that_has_a_direction():
    page = (ROOT / "ARCHITECTURE.md").read_text("utf-8")
    folders = [
        folder for room in ROOMS for folder in HOME.joinpath(room).glob("*/") if (folder / "__init__.py").exists()
    ]
    forbid("Folders of a room stand in ARCHITECTURE.md", [str(one) for one in folders if f"`{one.name}`" not in page])
