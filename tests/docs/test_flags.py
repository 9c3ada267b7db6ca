"""Each command that a page names without running it exists, and has the flags that stand beside it."""

from __future__ import annotations

import re

import click
import pytest
from support.pages.markdown_blocks import ROOT, pages

from connector.cli.groups import root
from connector.cli.registry import COMMAND_ALIASES

CALL = re.compile(r"(?:^|`|\$ )connector (?:--connector \S+ )?([a-z][a-z-]*(?: [a-z][a-z-]*)*)([^`]*)")
FLAG = re.compile(r"(?<![\w-])--[a-z][a-z-]*")
OF_AN_ACTION = {"run"}  # it has the inputs of each action as flags too


def calls_of(text: str) -> list[tuple[list[str], list[str]]]:
    """Return the words and the flags of the commands that stand in the sentences and in the blocks that nothing runs."""
    loose = re.sub(r"^```(?!\n).*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)
    code = re.findall(r"^```.*?^```$|`[^`\n]+`", loose, re.MULTILINE | re.DOTALL)
    lines = [line for part in code for line in part.replace("\\\n", " ").splitlines()]
    return [(found[1].split(), FLAG.findall(found[2])) for line in lines for found in CALL.finditer(line)]


def find_command(words: list[str]) -> tuple[str, click.Command]:
    """Return the command that words lead to, and its name; the group where a word is none of its commands."""
    command, name, ctx = root, "connector", click.Context(root)
    for word in words:
        found = command.get_command(ctx, COMMAND_ALIASES.get(word, word)) if isinstance(command, click.Group) else None
        if found is None:
            break
        command, name = found, word
    return name, command


def flags_of(command: click.Command) -> set[str]:
    """Return the flags that a command has."""
    return {flag for option in command.params for flag in (*option.opts, *option.secondary_opts)} | {"--help"}


PAGES = [page for page in pages() if "decisions" not in page.parts and calls_of(page.read_text(encoding="utf-8"))]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_a_command_in_a_sentence_has_the_flags_that_stand_beside_it(page):
    for words, flags in calls_of(page.read_text(encoding="utf-8")):
        name, command = find_command(words)
        assert name != "connector", f"{page.name}: connector {words[0]}"
        assert name in OF_AN_ACTION or not set(flags) - flags_of(command), f"{page.name}: {name}: {flags}"


def test_a_flag_that_is_none_is_found():
    ((words, flags),) = calls_of("Say `connector webhook serve --prot 80`.")
    name, command = find_command(words)
    assert name == "serve"
    assert set(flags) - flags_of(command) == {"--prot"}
