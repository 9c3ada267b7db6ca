"""Help shows examples of the connector that is used, and of the action that it is asked about."""

from __future__ import annotations

import shlex
from pathlib import Path

import click
import pytest

from connector import Connector
from connector.cli.catalogue.own_examples import _TEMPLATES, _fill
from connector.cli.groups import root

ROOT = Path(__file__).parents[3]
FOLDERS = [
    "examples/github",
    "examples/stripe",
    "examples/notion",
    "tests/connectors/shopify",
    "tests/connectors/lichess",
]


def examples_of(folder, path):
    return [command for _, command in _fill(path, Connector.open(ROOT / folder), f"--connector {ROOT / folder}")]


@pytest.mark.parametrize("folder", FOLDERS)
def test_examples_are_of_the_connector_and_parse(folder):
    for path in _TEMPLATES:
        for command in examples_of(folder, path):
            _, *args = shlex.split(command)
            ctx, group = click.Context(root), root
            while isinstance(group, click.Group) and args and args[0] in group.list_commands(ctx):
                group = group.get_command(ctx, args.pop(0))
            group.make_context("example", args)  # raises where an action, an option or an argument is unknown


@pytest.mark.parametrize("folder", FOLDERS)
def test_calls_that_are_shown_can_be_made(here, folder):
    for command in examples_of(folder, "run"):
        if "-f" not in command:
            done = here(*shlex.split(command)[1:], *([] if "--dry-run" in command else ["--dry-run"]))
            assert done.code == 0, (command, done.err)


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_sync_that_is_shown_can_be_made(here, folder):
    for command in [*examples_of(folder, "records"), *examples_of(folder, "records sync")]:
        words = shlex.split(command.replace(" --every 10m", ""))[1:]
        dry = ["--dry-run"] if "sync" in words else []  # a query sends nothing
        done = here(*words, "--sandbox", *dry)
        assert done.code == 0, (command, done.err)


@pytest.mark.parametrize("words", [("run",), ("show",), ("list",), ("request",), ("webhook",), ()], ids=" ".join)
def test_help_of_another_connector_names_its_actions_wherever_the_flag_stands(here, words):
    folder = str(ROOT / "examples/github")
    out = here("--connector", folder, *words, "--help").out
    assert folder in out
    assert "Meeting" not in out
    assert here(*words, "--help", "--connector", folder).out == out


def test_a_setting_names_the_connector_too(here):
    assert "connector show getRepository" in here("--help", CONNECTOR_PATH=str(ROOT / "examples/github")).out


def test_help_of_an_action_has_examples_of_that_action(here):
    out = here("run", "listUsers", "--help").out
    assert "connector run listUsers --status inactive" in out
    assert "connector run listUsers --dry-run" in out
    assert "createMeeting" not in out[out.index("Examples\n") :]


def test_help_of_a_folder_that_cannot_be_read_is_help_all_the_same(here, tmp_path):
    assert here("--connector", str(tmp_path), "run", "--help").code == 0
