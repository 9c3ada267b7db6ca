"""What lint found in a large folder is found again without checking, until anything changes."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from connector.authoring.lint import lint
from connector.cli.authoring import kept_findings
from connector.cli.authoring.kept_findings import find_findings
from connector.definition.validation import cache_folder

ACTION = """\
action: {key}
label: Get
summary: Get an order.
request: GET /orders/{key}
inputs: {{}}
returns:
  example: {{id: 1}}
"""
MANIFEST = "connector: shop\nversion: 1.0.0\nlabel: Shop\nsummary: A shop.\nbase_url: https://api.example.com\n"


@pytest.fixture
def folder(tmp_path, monkeypatch, own_cache):
    """A folder that counts as large, with some mistakes."""
    monkeypatch.setattr(kept_findings, "MIN_FILES", 2)
    (tmp_path / "shop" / "actions").mkdir(parents=True)
    (tmp_path / "shop" / "manifest.yaml").write_text(MANIFEST)
    for key in ("apple", "pear"):
        (tmp_path / "shop" / "actions" / f"{key}.yaml").write_text(ACTION.format(key=key))
    return tmp_path / "shop"


@pytest.fixture
def checks(monkeypatch):
    """The folders that lint has checked."""
    checked = []

    def check(folder, report):
        checked.append(folder)
        return lint(folder, report)

    monkeypatch.setattr(kept_findings, "lint", check)
    return checked


def test_a_folder_that_is_as_it_was_is_not_checked_again(folder, checks):
    first = find_findings(folder)
    assert first == lint(folder)
    assert find_findings(folder) == first
    assert checks == [folder]


CHANGES = {
    "a text": lambda folder: (folder / "actions" / "pear.yaml").write_text(ACTION.format(key="pear") + "docs: x\n"),
    "a new file": lambda folder: (folder / "actions" / "plum.yaml").write_text("action: plum\n"),
    "a file less": lambda folder: (folder / "actions" / "pear.yaml").unlink(),
    "another name": lambda folder: (folder / "actions" / "pear.yaml").rename(folder / "actions" / "peer.yaml"),
    "a schema": lambda folder: ((folder / "schemas").mkdir(), (folder / "schemas" / "choices").mkdir()),
    "the manifest": lambda folder: (folder / "manifest.yaml").write_text("connector: shop\n"),
    "a folder in place of a file": lambda folder: (
        (folder / "actions" / "pear.yaml").unlink(),
        (folder / "actions" / "pear.yaml").mkdir(),
    ),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_is_seen(folder, checks, name):
    find_findings(folder)
    CHANGES[name](folder)
    assert find_findings(folder) == lint(folder)
    assert len(checks) == 2


def test_a_change_that_keeps_size_and_time_is_seen(folder, checks):
    path = folder / "actions" / "pear.yaml"
    status = path.stat()
    find_findings(folder)
    path.write_text(path.read_text().replace("action: pear", "action: paer"))
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert any("paer" in finding.message for finding in find_findings(folder))


def test_the_same_files_at_another_place_are_told_with_their_own_paths(folder, checks, monkeypatch):
    find_findings(folder)
    monkeypatch.chdir(folder.parent)
    assert all(finding.file.startswith("shop") for finding in find_findings(Path("shop")))


def test_a_result_that_cannot_be_read_or_kept_is_made_again(folder, checks, own_cache):
    first = find_findings(folder)
    (kept,) = (own_cache / "findings").iterdir()
    for edited in (b"[]", b"[" * 100_000, kept.read_bytes().replace(b"error", b"eroor")):
        kept.write_bytes(edited)
        assert find_findings(folder) == first
    kept.unlink()
    kept.mkdir()
    assert find_findings(folder) == first
    assert len(checks) == 5


def test_what_no_findings_are_is_no_result(folder, checks, own_cache):
    first = find_findings(folder)
    (kept,) = (own_cache / "findings").iterdir()
    for content in (b"", b"null", b"{}", b"[7]", b'[{"file": "a"}]', b'{"file": 1}', b"\xff", b"[" * 100_000):
        cache_folder.keep_entry(kept.name, content, "findings")
        assert find_findings(folder) == first, content
    assert len(checks) == 9


def test_the_result_of_another_state_is_none_of_this_one(folder, checks, own_cache):
    first = find_findings(folder)
    (kept,) = (own_cache / "findings").iterdir()
    (folder / "actions" / "pear.yaml").write_text("action: pear\n")
    other = find_findings(folder)
    (new,) = set((own_cache / "findings").iterdir()) - {kept}
    new.write_bytes(kept.read_bytes())
    assert find_findings(folder) == other != first


def test_a_folder_that_was_changed_and_changed_back_while_it_was_checked_is_checked_again(folder, checks):
    pear = folder / "actions" / "pear.yaml"
    whole = pear.read_text()
    pear.write_text(whole)

    def change(what, done, total):
        if (what, done) == ("read", 1):
            pear.write_text("action: pear\n")
        elif what == "checked":
            pear.write_text(whole)

    assert len(find_findings(folder, change)) != len(find_findings(folder))
    assert find_findings(folder) == lint(folder)
    assert len(checks) == 2


def test_a_folder_that_changes_while_it_is_checked_is_checked_again(folder, checks):
    (folder / "actions" / "pear.yaml").unlink()

    def change(what, done, total):
        if what == "checked":
            (folder / "actions" / "pear.yaml").write_text(ACTION.format(key="pear"))

    find_findings(folder, change)
    find_findings(folder)
    (folder / "actions" / "pear.yaml").unlink()
    find_findings(folder)
    assert len(checks) == 3


def test_few_results_are_kept(folder, checks, monkeypatch, own_cache):
    monkeypatch.setitem(cache_folder._MOST_ENTRIES, "findings", 3)
    monkeypatch.setattr(cache_folder, "_remove_oldest", cache_folder._remove_oldest.__wrapped__)  # of many processes
    for number in range(5):
        (folder / "actions" / "pear.yaml").write_text(ACTION.format(key="pear") + f"# {number}\n")
        find_findings(folder)
    assert len(list((own_cache / "findings").iterdir())) == 3


def test_each_file_is_reported_as_read_and_each_action_as_checked(folder):
    seen = []
    lint(folder, lambda *step: seen.append(step))
    assert seen == [("read", 1, 2), ("read", 2, 2), ("checked", 1, 2), ("checked", 2, 2)]
