"""A missing extra is told with the command that installs it from where this package came."""

from __future__ import annotations

import json
from importlib import metadata

import pytest

from connector.errors import UsageError
from connector.runtime.process import extras

NEUTRAL = "Install the extra sql of connector from where you got connector."


class Installed:
    """What an installer wrote down about this package."""

    def __init__(self, text: str | None) -> None:
        self._text = text

    def read_text(self, _name: str) -> str | None:
        """Return the file."""
        return self._text


@pytest.fixture
def installed(monkeypatch):
    """Say where the package was installed from."""

    def say(origin):
        text = origin if isinstance(origin, str | None) else json.dumps(origin)
        monkeypatch.setattr(metadata, "distribution", lambda _name: Installed(text))

    return say


def test_a_folder_is_named_as_it_was_installed(installed, tmp_path):
    folder = tmp_path / "my clone"
    folder.mkdir()
    installed({"url": folder.as_uri(), "dir_info": {"editable": True}})
    assert extras.build_install_hint("sql") == f"Run: pip install -e '{folder}[sql]'"
    installed({"url": folder.as_uri(), "dir_info": {}})
    assert extras.build_install_hint("sql") == f"Run: pip install '{folder}[sql]'"
    folder.rmdir()
    assert extras.build_install_hint("sql") == NEUTRAL


@pytest.mark.parametrize(
    ("origin", "requirement"),
    [
        (
            {"url": "https://h.example/c-1-py3-none-any.whl", "archive_info": {}},
            "https://h.example/c-1-py3-none-any.whl",
        ),
        (
            {"url": "https://h.example/c.git", "vcs_info": {"vcs": "git", "commit_id": "1"}},
            "git+https://h.example/c.git",
        ),
        (
            {"url": "https://h.example/c.git", "vcs_info": {"vcs": "git", "requested_revision": "v1"}},
            "git+https://h.example/c.git@v1",
        ),
    ],
)
def test_a_url_is_named_with_its_revision(installed, origin, requirement):
    installed(origin)
    assert extras.build_install_hint("sql") == f"Run: pip install 'connector[sql] @ {requirement}'"


@pytest.mark.parametrize("origin", [None, "", "no JSON", "[]", {"url": "https://me:canary@h.example/c.git"}, {}])
def test_an_unknown_place_is_not_guessed(installed, origin):
    installed(origin)
    assert extras.build_install_hint("sql") == NEUTRAL


def test_a_package_that_was_not_installed_has_no_place(monkeypatch):
    def fail(name):
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "distribution", fail)
    assert extras.build_install_hint("sql") == NEUTRAL


def test_a_missing_package_is_told_with_the_hint():
    with pytest.raises(UsageError, match=r"^The package no_such_package is not installed\. .*\bsql\b"):
        extras.require("sql", "json", "no_such_package")
