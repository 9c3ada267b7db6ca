"""`connector config set` changes one value, and nothing that is wrong."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

CANARY = "canary-5e1f"


def test_config_set_writes_what_it_says_and_keeps_comments(here, project_file, tmp_path):
    assert here("config", "set", "connection", "work").code == 0
    path = tmp_path / "connector.yaml"
    assert path.read_text() == "connection: work\n"
    project_file("# ours\nconnection: work # for all\n\nprofiles:\n  staging: {plan: pro}\n")
    here("config", "set", "connection", "5")
    here("config", "set", "timeout", "20s", "--profile", "staging")
    here("config", "set", "connection", "two words", "--profile", "new")
    done = here("config", "set", "output", "yaml")
    assert done.out == f"output is set in {path}.\n"
    assert path.read_text() == (
        '# ours\nconnection: "5" # for all\n\nprofiles:\n  staging: {plan: pro, timeout: "20s"}\n'
        "  new:\n    connection: two words\noutput: yaml\n"
    )


def test_config_set_writes_the_users_own_file_for_this_user_alone(here, surroundings, tmp_path):
    assert here("config", "set", "base-url", "https://api.example", "--user").code == 0
    path = f"{surroundings['XDG_CONFIG_HOME']}/connector/config.yaml"
    assert Path(path).stat().st_mode & 0o077 == 0
    rows = json.loads(here("config", "--output", "json").out)["settings"]
    assert {"name": "base_url", "value": "https://api.example", "source": f"config file {path}"} in rows
    assert not (tmp_path / "connector.yaml").exists()


@pytest.mark.parametrize("is_user", [True, False])
def test_config_set_writes_where_a_link_leads(here, surroundings, tmp_path, is_user):
    folder = Path(surroundings["XDG_CONFIG_HOME"]) / "connector" if is_user else tmp_path
    path, real = folder / ("config.yaml" if is_user else "connector.yaml"), tmp_path / "dotfiles.yaml"
    folder.mkdir(parents=True, exist_ok=True)
    real.write_text("output: json\n")
    path.symlink_to(real)
    assert here("config", "set", "output", "yaml", *["--user"] * is_user).code == 0
    assert (path.is_symlink(), real.read_text()) == (True, "output: yaml\n")


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [
        ("client_secret", CANARY, "none may stand here"),
        ("base_url", "https://evil.example", "for whoever runs the command"),
        ("conection", "work", "Did you mean 'connection'?"),
        ("timeout", "soon", "timeout: got"),
        ("store_key_file", "key.txt", "connector config set store_key_file VALUE --user\nNothing was set in "),
        ("runs", "sqlite:////runs.db", "set CONNECTOR_RUNS for any other"),
        ("output", "jsn", "Fix: Did you mean 'json'?"),
        ("plan", "bussiness", "plan: zoom has no plan 'bussiness'. It has "),
        ("connector", "nosuch", "no manifest.yaml in "),
        ("records", "file:records", "records: the URL does not name a supported database."),
    ],
)
def test_config_set_writes_nothing_that_is_wrong(here, project_file, key, value, told):
    path = project_file("plan: pro\n")
    done = here("config", "set", key, value)
    assert (done.code, told in done.err, CANARY in done.err, ":1:" in done.err) == (2, True, False, False), done.err
    assert path.read_text() == "plan: pro\n"


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [
        ("base_url", "http://api.example", "base_url: expected https://HOST/PATH"),
        ("budget", "nosuch", "budget: The store of the rate budget"),
        ("store", "nosuch", "store: The URL does not name a known store."),
        ("store_key_file", "missing.txt", "store_key_file: The key file missing.txt cannot be read"),
        ("inbox", "redis://x", "inbox: the URL does not name a supported database."),
        ("bulk", "nosuch", "bulk: the URL"),
        ("runs", "sqlite", "runs: the URL"),
    ],
)
def test_config_set_writes_nothing_that_every_later_command_would_refuse(here, surroundings, key, value, told):
    done = here("config", "set", key, value, "--user")
    assert (done.code, told in done.err, "Nothing was set in " in done.err) == (2, True, True), done.err
    assert not (Path(surroundings["XDG_CONFIG_HOME"]) / "connector" / "config.yaml").exists()


@pytest.mark.parametrize(
    ("key", "value"),
    [("runs", "off"), ("records", "sqlite:///r.db"), ("budget", "memory:"), ("store", "file:here"), ("plan", "pro")],
)
def test_config_set_takes_what_can_be_used(here, key, value):
    assert here("config", "set", key, value, "--user").code == 0


def test_trust_needs_a_project_file(here):
    assert "There is no connector.yaml" in here("config", "trust").err
