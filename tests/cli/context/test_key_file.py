"""The key that connections are encrypted with may lie in a file, which a flag, the environment or the config names."""

from __future__ import annotations

import logging

import pytest
from support.processes.left_data import KEY, load_folder

from connector.runtime.storage.encryption import generate_key


@pytest.fixture
def key_file(tmp_path):
    load_folder(tmp_path / "data" / "connector" / "store")
    path = tmp_path / "key.txt"
    path.write_text(f"{KEY}\n")
    path.chmod(0o600)
    return path


def are_readable(done):
    return [row["state"] != "unreadable" for row in done.data["connections"]] == [True, True]


LIST = ("connections", "list", "--output", "json")


def test_each_way_to_name_it_works_and_the_flag_wins(here, key_file, tmp_path):
    assert not are_readable(here(*LIST))
    assert are_readable(here(*LIST, "--store-key-file", str(key_file)))
    config = tmp_path / "config" / "connector" / "config.yaml"
    config.parent.mkdir(parents=True)
    config.write_text(f"store_key_file: {key_file}\n")
    assert are_readable(here(*LIST))
    assert not are_readable(here(*LIST, CONNECTOR_KEY=generate_key()))
    assert are_readable(here(*LIST, "--store-key-file", str(key_file)))
    assert are_readable(here(*LIST, CONNECTOR_KEY="", CONNECTOR_KEY_FILE=str(key_file)))


def test_a_wrong_key_is_told_with_the_one_that_is_needed(here, key_file):
    key_file.write_text(generate_key())
    done = here(*LIST, "--store-key-file", str(key_file))
    assert done.code == 1
    assert "is sealed with key 98b04bdd9cd9, and given are " in done.err


@pytest.mark.parametrize(("text", "told"), [("no key", "Key 1 of"), ("", "contains no key"), (None, "cannot be read")])
def test_a_file_without_a_key_is_told(here, key_file, text, told):
    key_file.unlink()
    if text is not None:
        key_file.write_text(text)
    done = here(*LIST, "--store-key-file", str(key_file))
    assert done.code == 2
    assert told in done.err
    assert str(key_file) in done.err


def test_a_file_that_others_may_read_is_told_with_the_fix(here, key_file, caplog):
    key_file.chmod(0o644)
    with caplog.at_level(logging.WARNING, "connector"):
        assert are_readable(here(*LIST, "--store-key-file", str(key_file)))
    assert f"is open to other users (mode 0644): chmod 600 {key_file}" in caplog.text
    caplog.clear()
    key_file.chmod(0o600)
    here(*LIST, "--store-key-file", str(key_file))
    assert caplog.text == ""


def test_the_settings_show_the_file_and_not_the_key(here, key_file):
    done = here("config", CONNECTOR_KEY_FILE=str(key_file))
    assert f"{key_file}  (environment CONNECTOR_KEY_FILE)" in done.out
    assert KEY not in done.out
