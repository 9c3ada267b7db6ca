"""A project file says what is meant in its folder, and never where credentials go."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from connector import errors
from connector.cli.context import project
from connector.cli.context.context import CommandContext, open_connector
from connector.cli.context.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path

CANARY = "canary-5e1f"
LAMP = """connector: lamp
label: Lamp
summary: Switch lamps.
base_url: https://lamps.example
connections:
  token:
    label: Token
    kind: bearer
    inputs:
      accessToken: {label: Token, help: The token., type: password, required: true}
"""
SWITCH = """action: switchLamp
label: Switch
summary: Switch a lamp.
request: POST /lamps
inputs:
  name: {label: Name, help: Its name., type: string, to: body.name, example: a}
returns: {help: The lamp.}
"""


def shown(done) -> dict[str, tuple[str, str]]:
    return {row["name"]: (row["value"], row["source"]) for row in done.data["settings"]}


def show(here, *words: str, **env: str) -> dict[str, tuple[str, str]]:
    done = here("config", "--output", "json", *words, **env)
    assert done.code == 0, done.err
    return shown(done)


def test_it_is_weaker_than_flags_and_environment_and_stronger_than_the_users_file(here, project_file, surroundings):
    path = project_file("connection: ours\ntimeout: 5s\nplan: pro\n")
    config = os.path.join(surroundings["XDG_CONFIG_HOME"], "connector")
    os.makedirs(config)
    with open(os.path.join(config, "config.yaml"), "w") as file:
        file.write("connection: mine\nruns_keep: 9d\n")
    rows = show(here, CONNECTOR_TIMEOUT="7s")
    assert rows["connection"] == ("ours", f"project file {path}")
    assert rows["timeout"] == ("7s", "environment CONNECTOR_TIMEOUT")
    assert rows["plan"] == ("pro", f"project file {path}")
    assert rows["runs_keep"] == ("9d", f"config file {config}/config.yaml")


def test_a_profile_is_chosen_by_flag_or_environment_and_says_so(here, project_file):
    path = project_file("connection: ours\nplan: pro\nprofiles:\n  staging: {connection: theirs}\n  empty:\n")
    assert show(here)["connection"] == ("ours", f"project file {path}")
    rows = show(here, "--profile", "staging")
    assert rows["connection"] == ("theirs", f"profile staging of project file {path}")
    assert rows["plan"] == ("pro", f"project file {path}")
    assert rows["profile"] == ("staging", "flag --profile")
    assert show(here, CONNECTOR_PROFILE="staging")["profile"] == ("staging", "environment CONNECTOR_PROFILE")
    assert show(here, "--profile", "empty")["connection"][0] == "ours"


def test_an_unknown_profile_is_told_with_the_one_that_is_meant(here, project_file):
    project_file("profiles: {staging: {}}\n")
    done = here("run", "listUsers", "--dry-run", "--profile", "stagin")
    assert (done.code, "Did you mean 'staging'?" in done.err) == (2, True)


def test_a_profile_names_the_connector_whose_action_is_run(here, project_file, tmp_path):
    write_lamp(tmp_path / "lamps")
    project_file("profiles: {lamps: {connector: lamps}}\n")
    done = here("run", "switchLamp", "--name", "a", "--dry-run", "--profile", "lamps")
    assert (done.code, "POST https://lamps.example/lamps" in done.out) == (0, True), done.err


def test_it_is_found_above_up_to_the_root_of_a_repository_or_the_home_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    inner = tmp_path / "home" / "repo" / "a" / "b"
    inner.mkdir(parents=True)
    (tmp_path / "connector.yaml").touch()
    assert project.find_project_file(inner) is None  # above the home folder
    (tmp_path / "home" / "connector.yaml").touch()
    assert project.find_project_file(inner) == tmp_path / "home" / "connector.yaml"
    (tmp_path / "home" / "repo" / ".git").mkdir()
    assert project.find_project_file(inner) is None
    (tmp_path / "home" / "repo" / "connector.yaml").touch()
    assert project.find_project_file(inner) == tmp_path / "home" / "repo" / "connector.yaml"


def test_that_of_another_user_is_none(tmp_path, monkeypatch):
    (tmp_path / "connector.yaml").touch()
    monkeypatch.setattr(os, "getuid", lambda: 12345)
    os.chown(tmp_path / "connector.yaml", 54321, -1) if os.geteuid() == 0 else pytest.skip("only root gives files away")
    assert project.find_project_file(tmp_path) is None


def test_a_home_folder_behind_a_link_ends_the_search_too(tmp_path, monkeypatch):
    (tmp_path / "disk").mkdir()
    (tmp_path / "home").symlink_to(tmp_path / "disk")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    (tmp_path / "connector.yaml").touch()
    assert project.find_project_file(tmp_path / "disk") is None


def test_a_folder_that_cannot_be_looked_into_has_none(tmp_path, monkeypatch):
    def refuse(path: object) -> bool:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(project.Path, "is_file", refuse)
    assert project.find_project_file(tmp_path) is None


def test_every_mistake_is_told_with_its_line_and_what_to_do(here, project_file):
    project_file(
        f"conection: work\nbase_url: https://evil.example\nclientSecret: {CANARY}\ntimeout: soon\n"
        f"store: postgresql://me:{CANARY}@evil.example/x\nruns: sqlite:////etc/runs.db\nconnector: ../elsewhere\n"
        f"records: off\nprofiles:\n  a: {{budget: x, outptu: json}}\n  b: 5\n"
    )
    done = here("config")
    lines = done.err.splitlines()
    assert done.code == 2
    assert [line.split("connector.yaml:")[1].split(":")[0] for line in lines] == [
        "1", "2", "3", "4", "5", "6", "7", "8", "10", "10", "11",
    ]  # fmt: skip
    for line, told in zip(
        lines,
        ("Did you mean 'connection'?", "for whoever runs the command", "'connector connect' keeps a connection",
         "timeout: got", "below this folder", "reaches no further", "reaches no further", "below this folder",
         "for whoever runs the command", "Did you mean 'output'?", "expected a mapping of settings"),
        strict=True,
    ):  # fmt: skip
        assert told in line
    assert CANARY not in done.out + done.err


@pytest.mark.parametrize("text", ["- a\n", "profiles: [a]\n", "connection: {clientSecret: canary-5e1f}\n", "store: ~/x\n",
                                  "connector: /etc\n", "store: file:/\n", "store: 'file:a/../../x'\n"])  # fmt: skip
def test_what_cannot_be_is_told_without_its_secrets(here, project_file, text):
    project_file(text)
    done = here("config")
    assert done.code == 2
    assert "connector.yaml:1:" in done.err
    assert CANARY not in done.err


def test_its_paths_are_below_its_folder_wherever_a_command_runs(here, project_file, tmp_path, monkeypatch):
    path = project_file("store: sqlite:///kept/c.db\nrecords: file:r\nruns: sqlite:///runs.db\n")
    (tmp_path / "sub").mkdir()
    monkeypatch.chdir(tmp_path / "sub")
    rows = show(here)
    assert rows["store"] == (f"sqlite:///{tmp_path}/kept/c.db", f"project file {path}")
    assert rows["runs"][0] == f"sqlite:///{tmp_path}/runs.db"


def write_lamp(path: Path) -> None:
    (path / "actions").mkdir(parents=True)
    (path / "manifest.yaml").write_text(LAMP)
    (path / "actions" / "switch-lamp.yaml").write_text(SWITCH)


@pytest.fixture
def cloned(project_file, server, tmp_path):
    """A folder from elsewhere, whose connector sends to a server."""
    write_lamp(tmp_path / "lamps")
    project_file("connector: lamps\n")
    return server


RUN = ("run", "switchLamp", "--name", "a")


def test_a_connector_of_the_folder_gets_no_credentials_before_the_folder_is_trusted(here, cloned, tmp_path):
    done = here(*RUN, LAMP_ACCESS_TOKEN=CANARY, LAMP_BASE_URL=cloned.url)
    assert (done.code, cloned.count) == (2, 0)
    assert "connector config trust" in done.err
    assert f"--connector {tmp_path}/lamps" in done.err
    assert here("request", "GET", "/lamps").code == 2
    assert cloned.count == 0
    assert here("config", "trust").code == 0
    assert here(*RUN).code == 0
    assert cloned.last.header("authorization") == f"Bearer {CANARY}"
    assert here("config", "trust", "--remove").code == 0
    assert (here(*RUN).code, cloned.count) == (2, 1)


def test_trust_is_in_what_decides_where_credentials_go_and_ends_when_that_changes(here, cloned, tmp_path):
    assert here("config", "trust").code == 0
    (tmp_path / "lamps" / "actions" / "other.yaml").write_text(SWITCH.replace("switchLamp", "other"))
    (tmp_path / "connector.yaml").write_text("connector: lamps\ntimeout: 9s\n")
    assert here(*RUN, LAMP_ACCESS_TOKEN=CANARY, LAMP_BASE_URL=cloned.url).code == 0
    (tmp_path / "lamps" / "manifest.yaml").write_text(LAMP.replace("lamps.example", "evil.example"))
    done = here(*RUN)
    assert (done.code, cloned.count, "It has changed since you trusted the folder." in done.err) == (2, 1, True)
    assert "has changed since it was trusted" in here("config").out
    assert here("config", "trust").code == 0
    assert (here(*RUN).code, cloned.count) == (0, 2)
    (tmp_path / "connector.yaml").write_text("connector: lamps\nprofiles: {p: {store: 'file:theirs'}}\n")
    assert (here(*RUN).code, cloned.count) == (2, 2)


def test_trust_is_in_the_manifest_that_was_loaded_whatever_its_file_has_become(here, cloned, tmp_path):
    assert here("config", "trust").code == 0
    manifest = tmp_path / "lamps" / "manifest.yaml"
    manifest.write_text(LAMP.replace("lamps.example", "evil.example"))
    settings = Settings({})
    context = CommandContext(open_connector(settings), settings)
    manifest.write_text(LAMP)
    with pytest.raises(errors.UsageError, match="It has changed since you trusted the folder"):
        context.require_trust()
    CommandContext(open_connector(settings), settings).require_trust()


@pytest.mark.parametrize("name", ["two\nlines", "a\u2028b", "\udce4"])
def test_any_name_of_a_folder_can_be_trusted_and_says_nothing_of_another(tmp_path, monkeypatch, name):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    files = [tmp_path / name / "connector.yaml", tmp_path / "lines" / "connector.yaml"]
    for file in files:
        file.parent.mkdir()
        file.write_text("connector: lamps\n")
    project.set_trust(files[0], trusted=True)
    assert [project.find_trust(file) for file in files] == ["trusted", "unknown"]


def test_what_this_user_sets_in_a_trusted_folder_is_trusted(here, cloned):
    assert here("config", "trust").code == 0
    assert here("config", "set", "store", "file:kept", LAMP_ACCESS_TOKEN=CANARY, LAMP_BASE_URL=cloned.url).code == 0
    assert (here(*RUN).code, cloned.count) == (0, 1)
    assert here("config", "trust", "--remove").code == 0
    assert here("config", "set", "store", "file:other").code == 0
    assert (here(*RUN).code, cloned.count) == (2, 1)


def test_what_sends_nothing_needs_no_trust(here, cloned):
    for words in (("list",), ("show", "switchLamp"), (*RUN, "--dry-run"), (*RUN, "--sandbox"), ("config",)):
        assert here(*words).code == 0, words
    assert cloned.count == 0


def test_a_connector_that_the_caller_names_needs_no_trust(here, cloned, tmp_path):
    assert (
        here(*RUN, "--connector", str(tmp_path / "lamps"), LAMP_ACCESS_TOKEN=CANARY, LAMP_BASE_URL=cloned.url).code == 0
    )
    assert cloned.count == 1


def test_a_store_of_the_folder_needs_trust_too(here, project_file, server):
    project_file("store: file:kept\n")
    done = here("run", "listUsers", "--base-url", server.url, ZOOM_ACCESS_TOKEN=CANARY)
    assert (done.code, server.count) == (2, 0)
    assert "names the store" in done.err
