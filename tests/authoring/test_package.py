"""A package with a new connector can be pushed as it is: what its CI runs succeeds, and says what has to be done first."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

from connector import Connector, __version__
from connector.authoring import outline, scaffold
from connector.authoring.lint import lint
from connector.errors import UsageError

ROOT = Path(__file__).parents[2]
WHEEL = "CONNECTOR_WHEEL"  # the built wheel of this project; it is built here where nobody names one


def read_workflow(folder: Path) -> dict:
    return yaml.safe_load((folder / ".github/workflows/ci.yml").read_text("utf-8"))


def list_commands(folder: Path) -> list[str]:
    return [step["run"] for step in read_workflow(folder)["jobs"]["check"]["steps"] if "run" in step]


def test_a_package_has_the_connector_under_its_own_name(tmp_path):
    outlined = outline.outline_connector("my_shop", "https://api.shop.example", "api_key", "none")
    written = scaffold.create_package(tmp_path, "", outlined)
    assert written == sorted(path for path in tmp_path.rglob("*") if path.is_file())
    project = tomllib.loads((tmp_path / "pyproject.toml").read_text("utf-8"))["project"]
    assert project["entry-points"]["connector.connectors"] == {"my_shop": "connector_my_shop"}
    assert project["dependencies"] == [f"connector>={__version__.rpartition('.')[0]}"]
    connector = Connector.open(tmp_path / "connector_my_shop")
    assert [action.action for action in connector.actions()] == ["listItems"]
    assert [finding.voice for finding in lint(tmp_path / "connector_my_shop")] == ["advice"]
    texts = {path: path.read_text("utf-8") for path in written}
    assert not [path for path, text in texts.items() if "acme" in text.lower() or "SOURCE_NOTE" in text]


def test_the_program_in_its_readme_is_python_whatever_the_connector_is_called(tmp_path):
    scaffold.create_package(tmp_path, "", outline.outline_connector("class", "https://api.x.example", "bearer", "none"))
    program = (tmp_path / "README.md").read_text("utf-8").partition("```python\n")[2].partition("```")[0]
    assert 'Connector.open("class")' in program
    compile(program, "README.md", "exec")


def test_the_example_comes_in_a_package_too_without_a_page_of_its_own(tmp_path):
    scaffold.create_package(tmp_path, "")
    assert lint(tmp_path / "connector_bookshelf") == []
    assert not (tmp_path / "connector_bookshelf/README.md").exists()
    assert (tmp_path / "connector_bookshelf/__init__.py").read_bytes() == b""
    assert 'run("listBooks")' in (tmp_path / "tests/test_connector.py").read_text("utf-8")


@pytest.mark.parametrize(
    ("source", "default", "told"),
    [
        ("", "", "CONNECTOR_SOURCE"),
        ("connector @ git+https://acme.example/listItems", None, "says so. Change it there"),
    ],
)
def test_the_ci_installs_this_project_from_where_it_came_or_asks(tmp_path, source, default, told):
    scaffold.create_package(tmp_path, source)
    expected = f"${{{{ vars.CONNECTOR_SOURCE || '{source if default is None else default}' }}}}"
    assert read_workflow(tmp_path)["env"]["CONNECTOR_SOURCE"] == expected
    assert told in (tmp_path / "README.md").read_text("utf-8")


def test_a_package_is_written_into_an_empty_folder_alone(tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(UsageError, match="not empty"):
        scaffold.create_package(tmp_path, "")


@pytest.mark.long  # installs packages with pip; .ci/run runs it, in the part that builds the wheel
def test_a_new_package_passes_its_own_ci_until_it_breaks_somebody(tmp_path):
    package, home, clean = tmp_path / "connector-bookshelf", tmp_path / "home", tmp_path / "clean"
    home.mkdir()
    environment = {name: os.environ[name] for name in ("PIP_CACHE_DIR", "TMPDIR") if name in os.environ}
    environment |= {"HOME": str(home), "PATH": f"{clean / 'bin'}:{os.environ['PATH']}", "CONNECTOR_SOURCE": ""}

    def run(command: str) -> tuple[int, str]:
        ended = subprocess.run(  # as a hosted runner does
            ["bash", "-e", "-c", command], cwd=package, env=environment, capture_output=True, text=True, check=False
        )
        return ended.returncode, ended.stdout + ended.stderr

    def commit(message: str) -> None:
        identity = "-c user.name=Ada -c user.email=ada@example.com"
        code, told = run(f"git add --all && git {identity} commit --quiet -m '{message}' && git status --porcelain")
        assert (code, told) == (0, "")

    subprocess.run([sys.executable, "-m", "venv", clean], check=True)
    scaffold.create_package(package, "")
    assert run("git init --quiet")[0] == 0
    commit("A new connector")
    install, *others, compare = list_commands(package)
    code, told = run(install)
    assert code != 0
    assert "set the variable CONNECTOR_SOURCE" in told

    environment["CONNECTOR_SOURCE"] = os.environ.get(WHEEL) or build_wheel(tmp_path)
    for command in (install, *others, compare):
        code, told = run(command)
        assert code == 0, f"{command}\n{told}"
    assert "no earlier release" in told
    code, told = run("git status --porcelain && cd / && connector list --connector bookshelf --output json")
    assert code == 0
    assert len(json.loads(told)["actions"]) == 5

    assert run("git tag v1.0.0")[0] == 0
    (package / "connector_bookshelf/actions/get-book.yaml").unlink()
    commit("No more single books")
    code, told = run(compare)
    assert (code, "2.0.0 or higher is expected" in told) == (1, True), told
    manifest = package / "connector_bookshelf/manifest.yaml"
    manifest.write_text(manifest.read_text("utf-8").replace("version: 1.0.0", "version: 2.0.0"), "utf-8")
    commit("Version 2")
    assert run(compare)[0] == 0


def build_wheel(folder: Path) -> str:
    command = [sys.executable, "-m", "build", "--outdir", folder / "dist", ROOT]
    subprocess.run(command, check=True, capture_output=True)
    [wheel] = (folder / "dist").glob("*.whl")
    return str(wheel)
