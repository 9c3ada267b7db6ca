"""`connector backup` and `connector restore`: one file, told in full, that overwrites nothing unasked."""

from __future__ import annotations

import json
import shutil
import stat
import zipfile

import pytest
from support.processes.left_data import KEY, load_file, load_folder, load_private

from connector.runtime.storage.open import open_store


@pytest.fixture
def data(tmp_path):
    """The data folder of this user, as an older program left it."""
    folder = tmp_path / "data" / "connector"
    folder.mkdir(mode=0o700, parents=True)
    load_folder(folder / "store")
    load_file("inbox", folder / "inbox" / "zoom.sqlite")
    load_file("inbox", folder / "inbox" / "zoom-sandbox.sqlite")
    load_file("runs", folder / "runs.sqlite")
    load_file("records", folder / "records.sqlite")
    load_private("chain.journal", tmp_path)
    return folder


def put_config(tmp_path, text="output: json\n"):
    path = tmp_path / "config" / "connector" / "config.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def test_a_backup_says_what_it_has_and_what_the_file_is_worth(here, data, tmp_path):
    put_config(tmp_path)
    done = here("backup", "b.zip")
    assert done.code == 0, done.err
    assert [line.partition(",")[0].strip() for line in done.out.splitlines()[1:]] == [
        "connections: 2", "events of zoom: 3", "runs: 2", "records: 2",
        f"journal {tmp_path / 'chain.journal'}", "the config file",
    ]  # fmt: skip
    assert "encrypted with key 98b04bdd9cd9, which is not in the file: keep the key elsewhere" in done.err
    assert stat.S_IMODE((tmp_path / "b.zip").stat().st_mode) == 0o600


def test_it_comes_back_on_an_empty_machine_without_a_question(here, data, tmp_path):
    tmp_path.chmod(0o755)  # as folders are that people work in
    config = put_config(tmp_path)
    here("backup", "b.zip", "--quiet")
    shutil.rmtree(data)
    config.unlink()
    (tmp_path / "chain.journal").unlink()
    done = here("restore", "b.zip")
    assert done.code == 0, done.err
    assert "set CONNECTOR_KEY or CONNECTOR_KEY_FILE to it" in done.err
    assert [config.read_text(), (tmp_path / "chain.journal").exists()] == ["output: json\n", True]
    shown = here("connections", "list", "--output", "json", CONNECTOR_KEY=KEY)
    assert [row["name"] for row in shown.data["connections"]] == ["a b/c", "work"]
    assert [row["state"] == "unreadable" for row in shown.data["connections"]] == [False, False]
    assert len(here("runs", "list", "--since", "2020-01-01", "--output", "json", CONNECTOR_RUNS_KEEP="365d").data) == 2
    assert here("webhook", "events", "--output", "json").code == 0


def test_what_is_there_is_replaced_only_with_a_yes(here, data, tmp_path):
    here("backup", "b.zip", "--quiet")
    refused = here("restore", "b.zip")
    assert (refused.code, refused.out) == (2, "")
    assert "This replaces connections: 2 in file:" in refused.err
    assert "Nothing was changed. Add --yes" in refused.err
    done = here("restore", "b.zip", "--yes", "--output", "json")
    assert done.code == 0, done.err
    assert [(part["kind"], part["rows"], part["replaced"]) for part in done.data["parts"]] == [
        ("store", 2, 2), ("inbox", 3, 3), ("runs", 2, 2), ("records", 2, 2),
    ]  # fmt: skip
    assert done.data["restored"] is True


def test_a_restore_that_is_refused_leaves_no_config_file_behind(here, data, tmp_path):
    config = put_config(tmp_path)
    here("backup", "b.zip", "--quiet")
    config.unlink()
    assert here("restore", "b.zip").code == 2
    assert not config.exists()


def test_a_check_says_what_would_come_back_and_changes_nothing(here, data, tmp_path):
    here("backup", "b.zip", "--quiet")
    shutil.rmtree(data)
    done = here("restore", "b.zip", "--check")
    assert done.code == 0, done.err
    assert "b.zip is whole: made " in done.out
    assert "What would come back:" in done.out
    assert not data.exists()


def test_a_word_that_may_be_meant_as_a_command_is_no_file(here, data, tmp_path):
    refused = here("backup", "list")
    assert refused.code == 2
    assert (
        "list may be meant as a command, and there is none. Nothing was written. For a file, name it list.zip"
        in refused.err
    )
    assert not (tmp_path / "list").exists()


def test_a_file_that_is_no_backup_is_told(here, tmp_path):
    (tmp_path / "b.zip").write_text("no")
    done = here("restore", "b.zip")
    assert done.code == 1
    assert "b.zip is not a whole backup" in done.err
    for words in (("--check",), ("--yes",)):
        missing = here("restore", "missing.zip", *words)
        assert missing.code == 2
        assert missing.err == (
            "missing.zip: there is no such file; expected a backup. "
            "Name a file that 'connector backup' wrote. Nothing was restored.\n"
        )
    assert "it is a folder; expected a backup." in here("restore", str(tmp_path)).err


def test_the_key_goes_along_when_asked_and_is_written_to_a_private_file(here, data, tmp_path):
    refused = here("backup", "b.zip", "--include-key")
    assert refused.code == 2
    assert "no key is set" in refused.err
    done = here("backup", "b.zip", "--include-key", CONNECTOR_KEY=KEY)
    assert "whoever reads it can use every connection" in done.err
    assert KEY not in done.out + done.err
    done = here("restore", "b.zip", "--yes", "--write-key", "key.txt")
    assert done.code == 0, done.err
    assert (tmp_path / "key.txt").read_text().strip() == KEY
    assert stat.S_IMODE((tmp_path / "key.txt").stat().st_mode) == 0o600
    again = here("restore", "b.zip", "--yes", "--write-key", "key.txt")
    assert (again.code, "key.txt exists" in again.err) == (2, True)


def test_connections_that_are_not_encrypted_are_told(here, tmp_path):
    open_store(f"file:{tmp_path}/data/connector/store").write("connection:zoom:work", {"token": "canary"})
    done = here("backup", "b.zip")
    assert "The connections are not encrypted: whoever reads the file can use them" in done.err, done.out


def test_a_restore_that_died_is_told_by_every_command_until_it_is_ended(here, data, tmp_path):
    here("backup", "b.zip", "--quiet")
    (data / "restoring.json").write_text(json.dumps({"file": str(tmp_path / "b.zip")}))
    (data / "restoring.json").chmod(0o600)
    assert "b.zip did not end" in here("runs").err
    refused = here("backup", "c.zip")
    assert refused.code == 1
    assert "End it first: connector restore" in refused.err
    assert here("restore", "b.zip", "--yes").code == 0
    assert "did not end" not in here("runs").err


def test_places_can_be_named(here, data, tmp_path):
    here("backup", "b.zip", "--quiet")
    done = here("restore", "b.zip", "--store", f"sqlite:///{tmp_path}/s.db", "--inbox", f"sqlite:///{tmp_path}/i.db",
                "--runs", f"sqlite:///{tmp_path}/r.db", "--records", f"sqlite:///{tmp_path}/c.db")  # fmt: skip
    assert done.code == 0, done.err
    shown = here("connections", "list", "--store", f"sqlite:///{tmp_path}/s.db", "--output", "json", CONNECTOR_KEY=KEY)
    assert [row["name"] for row in shown.data["connections"]] == ["a b/c", "work"]


def test_a_secret_of_a_journal_or_log_is_none_of_the_archive(here, data, tmp_path):
    here("backup", "b.zip", "--quiet", ZOOM_ACCESS_TOKEN="canary-token")
    with zipfile.ZipFile(tmp_path / "b.zip") as file:
        assert not any(b"canary-token" in file.read(name) for name in file.namelist())
