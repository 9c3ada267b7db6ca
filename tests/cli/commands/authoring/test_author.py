"""`new`, `lint` and `docs`: a new connector is checked, documented, and runs in its sandbox."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest


@pytest.fixture
def made(here, tmp_path):
    """The folder of a new connector."""
    done = here("new", "mine")
    assert done.code == 0, done.err
    return tmp_path / "mine"


def test_a_new_connector_is_sound_and_runs(here, made):
    assert here("lint", "mine").code == 0
    assert here("docs", "mine", "--check").code == 0
    first = here("--connector", "mine", "list", "--output", "json").data["actions"]
    assert first
    listing = next(one["action"] for one in first if one["action"].startswith("list"))
    assert here("--connector", "mine", "run", listing, "--sandbox").code == 0


def test_new_prints_the_files_it_made(here, tmp_path):
    done = here("new", "other")
    paths = done.out.splitlines()
    assert os.path.join("other", "manifest.yaml") in paths
    assert all((tmp_path / path).is_file() for path in paths)
    assert "connector lint other" in done.err


def test_new_touches_no_folder_that_holds_something(here, made):
    done = here("new", "mine")
    assert done.code == 2
    assert "not empty" in done.err


def test_lint_of_a_sound_connector_is_one_line(here):
    done = here("lint", "--connector", str(Path(__file__).parents[4]))
    assert (done.code, done.err) == (0, "")
    assert done.out == "zoom: 22 actions, no problems found.\n"


def test_lint_tells_every_finding_with_its_place_and_ends_with_2(here, made):
    file = min((made / "actions").iterdir())
    text = file.read_text()
    file.write_text(text.replace("label:", "lable:", 1).replace("summary:", "sumary:", 1))
    done = here("lint", "mine")
    assert done.code == 2
    lines = done.out.splitlines()
    assert len(lines) >= 2
    assert all(line.startswith("mine/") for line in lines)
    assert any("Did you mean 'label'?" in line for line in lines)
    found = here("lint", "mine", "--output", "json")
    assert found.code == 2
    assert len(found.data["findings"]) == len(lines)
    assert set(found.data["findings"][0]) == {"file", "line", "column", "rule", "message", "voice"}


def test_advice_alone_ends_with_0_and_with_2_where_it_is_strict(here, made):
    file = made / "actions" / "get-book.yaml"
    file.write_text(file.read_text().replace("summary: Read one book.", "summary: Read one book"))
    done = here("lint", "mine")
    assert (done.code, done.err) == (0, "mine: 1 piece of advice.\n")
    assert ": advice: help-is-a-sentence: " in done.out
    assert here("lint", "mine", "--strict").code == 2
    assert [finding["voice"] for finding in here("lint", "mine", "--output", "json").data["findings"]] == ["advice"]


def test_errors_come_before_advice_and_are_counted_apart(here, made):
    file = made / "actions" / "get-book.yaml"
    file.write_text(file.read_text().replace("summary: Read one book.", "summary: Read one book"))
    manifest = made / "manifest.yaml"
    manifest.write_text(manifest.read_text().replace("api.bookshelf.example]", "bookshelf.example]"))
    done = here("lint", "mine")
    assert done.code == 2
    assert [": advice: " in line for line in done.out.splitlines()] == [False, True]
    assert done.err == "mine: 1 error and 1 piece of advice.\n"


def test_lint_takes_the_folder_that_it_stands_in(here, made, monkeypatch):
    monkeypatch.chdir(made)
    assert here("lint").out.endswith("no problems found.\n")
    assert "zoom" not in here("lint").out


def test_lint_elsewhere_is_for_the_connector_in_force(here):
    assert here("lint").out.startswith("zoom:")


def test_docs_writes_what_is_stale_and_says_so(here, made):
    page = made / "docs" / "actions.md"
    page.write_text("old")
    stale = here("docs", "mine", "--check")
    assert stale.code == 2
    assert stale.out.splitlines() == [os.path.join("mine", "docs", "actions.md")]
    assert page.read_text() == "old"
    written = here("docs", "mine", "--output", "json")
    assert written.code == 0
    assert json.loads(written.out)["written"] == stale.out.splitlines()
    assert page.read_text() != "old"
    assert here("docs", "mine").out == ""
