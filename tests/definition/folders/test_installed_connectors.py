"""A package brings connectors by an entry point; they are found by name, and no code of the package is run."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from connector import Connector
from connector.authoring.scaffold import create_connector
from connector.definition.folders.installed import find_installed_connectors
from connector.errors import DefinitionError


def install(site, package, name):
    """Put a package with a connector into a folder of packages, as an installer does."""
    module = package.replace("-", "_")
    create_connector(site / module)
    (site / module / "__init__.py").write_text("raise RuntimeError('the code of the package was run')\n")
    info = site / f"{module}-1.4.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.4.0\n")
    (info / "entry_points.txt").write_text(f"[connector.connectors]\n{name} = {module}\n")


@pytest.fixture
def site(tmp_path, monkeypatch):
    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.syspath_prepend(str(folder))
    monkeypatch.chdir(tmp_path)
    return folder


def test_an_installed_connector_is_opened_by_its_name_without_running_its_code(site):
    install(site, "connector-shelf", "shelf")
    [found] = find_installed_connectors()
    assert (found.name, found.folder, found.package) == ("shelf", site / "connector_shelf", "connector-shelf 1.4.0")
    assert Connector.open("shelf").action("listBooks").path == "/books"


def test_a_folder_here_comes_before_an_installed_connector_of_its_name(site, tmp_path):
    install(site, "connector-shelf", "shelf")
    create_connector(tmp_path / "shelf")
    assert Connector.open("shelf").folder.resolve() == tmp_path / "shelf"


def test_two_packages_of_one_name_are_never_chosen_between(site):
    install(site, "connector-shelf", "shelf")
    install(site, "other-shelf", "shelf")
    with pytest.raises(DefinitionError, match=r"connector-shelf 1\.4\.0, other-shelf 1\.4\.0"):
        Connector.open("shelf")


def test_a_name_that_nothing_has_says_how_to_find_those_that_are_there(site):
    install(site, "connector-shelf", "shelf")
    with pytest.raises(DefinitionError) as caught:
        Connector.open("shlef")
    assert "connector list --connectors" in str(caught.value.hint)


def test_the_command_line_lists_them_and_takes_the_name(site, tmp_path):
    install(site, "connector-shelf", "shelf")

    def run(*words):
        command = [sys.executable, "-m", "connector", *words]
        environment = {"PYTHONPATH": ":".join([str(site), *filter(None, sys.path)]), "HOME": str(tmp_path)}
        return subprocess.run(command, capture_output=True, text=True, timeout=60, check=True, env=environment).stdout

    listed = json.loads(run("list", "--connectors", "--output", "json"))["connectors"]
    assert [(one["connector"], one["version"], one["package"]) for one in listed] == [
        ("zoom", "1.0.0", "bundled, the default"),
        ("shelf", "1.0.0", "connector-shelf 1.4.0"),
    ]
    assert "listBooks" in run("--connector", "shelf", "list")
    assert json.loads(run("run", "listBooks", "--connector", "shelf", "--sandbox"))["outcome"] == "done"
