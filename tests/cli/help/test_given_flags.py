"""The command that a message names does what it says where it is pasted: it has the flags that were given."""

from __future__ import annotations

import shlex
from pathlib import Path

import click
import pytest

from connector.cli.groups import root
from connector.runtime.process.command_lines import format_command

STRIPE = str(Path(__file__).parents[3] / "examples" / "stripe")


def parse(command: str) -> None:
    """Parse a command line as it would be run; raises where an option is unknown or an argument is missing."""
    _, *args = shlex.split(command)
    ctx, group = click.Context(root), root
    while isinstance(group, click.Group) and args and args[0] in group.list_commands(ctx):
        group = group.get_command(ctx, args.pop(0))
    group.make_context("pasted", args)


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (
            ("webhook", "watch", "--trigger", "webhookReceiver", "--connector", STRIPE, "--sandbox"),
            f"connector webhook serve --connector {STRIPE} --sandbox",
        ),
        (
            ("--connector", STRIPE, "connections", "test", "shop", "--store", "file:shelf"),
            f"connector connect shop --connector {STRIPE} --store file:shelf",
        ),
        (("runs", "--connector", STRIPE), f"connector runs --sandbox --connector {STRIPE}"),
    ],
)
def test_a_named_command_has_the_flags_that_were_given_and_parses(here, words, named):
    err = here(*words).err
    assert named in err
    parse(named)


def test_a_named_command_has_only_flags_that_it_takes(here):
    err = here("webhook", "events", "--show", "7", "--connector", STRIPE, "--inbox", "sqlite:///inbox.sqlite").err
    assert f"connector webhook events --connector {STRIPE} --inbox sqlite:///inbox.sqlite" in err
    err = here("connections", "test", "shop", "--connector", STRIPE, "--quiet").err
    assert f"connector connect shop --connector {STRIPE}\n" in err


def test_a_program_that_is_no_command_line_is_told_the_plain_command():
    assert format_command("connect", "my work") == "connector connect 'my work'"
