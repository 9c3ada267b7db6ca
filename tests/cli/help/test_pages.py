"""Every command's help has sections, an example that works and a page that exists, at every width."""

from __future__ import annotations

import re
from pathlib import Path

import click
import pytest

from connector.cli.groups import root
from connector.cli.help.examples import EXAMPLES
from connector.cli.help.sections import OTHERS, sort_options
from connector.cli.registry import COMMANDS
from connector.cli.terminal.page import _WORD, TextPage
from connector.cli.terminal.screen import Screen

ROOT = Path(__file__).parents[3]


def find_commands(group=root, path=()):
    """Yield the path of every command, the groups too."""
    ctx = click.Context(group)
    for name in group.list_commands(ctx):
        command = group.get_command(ctx, name)
        yield (*path, name)
        if isinstance(command, click.Group):
            yield from find_commands(command, (*path, name))


PATHS = list(find_commands())
WIDTHS = range(40, 201, 20)


def words_of(text):
    return [word for line in text.splitlines() for word in line.split() if word not in ("\\", "#")]


@pytest.mark.parametrize("path", PATHS, ids=" ".join)
def test_every_command_has_an_example_and_a_page_to_read(here, path):
    out = here(*path, "--help").out
    example = EXAMPLES[" ".join(path)]
    assert out.index("Examples\n") < out.index("Read more\n")
    assert example.commands
    assert (ROOT / example.page).is_file()
    assert out.endswith(f"  {example.format_page()}\n")  # by its path only where the pages lie beside the package


def test_a_page_that_is_not_installed_is_no_path(monkeypatch, tmp_path):
    monkeypatch.setattr("connector.cli.help.examples.__file__", str(tmp_path / "a" / "b" / "c" / "examples.py"))
    assert EXAMPLES["run"].format_page() == "tutorial.md in the documentation"


@pytest.mark.parametrize("path", PATHS, ids=" ".join)
def test_the_page_to_read_is_about_the_command(path):
    text = (ROOT / EXAMPLES[" ".join(path)].page).read_text(encoding="utf-8")
    assert re.search(rf"(?:`|connector(?: --connector \S+)? ){' '.join(path)}\b", text)


@pytest.mark.parametrize("path", ["", *EXAMPLES])
def test_an_example_is_a_command_line_that_parses(path):
    import shlex

    for _, command in EXAMPLES[path].commands:
        if command.startswith("eval "):
            continue
        program, *args = shlex.split(command)
        assert program == "connector"
        ctx, group = click.Context(root), root
        while isinstance(group, click.Group) and args and args[0] in group.list_commands(ctx):
            group = group.get_command(ctx, args.pop(0))
        group.make_context("example", args)  # raises where an option or an argument is unknown


@pytest.mark.parametrize("path", [(), *PATHS], ids=" ".join)
def test_no_word_of_help_is_broken_at_any_width(here, path):
    whole = words_of(here(*path, "--help", COLUMNS="1000").out)
    for width in WIDTHS:
        out = here(*path, "--help", COLUMNS=str(width)).out
        assert words_of(out) == whole
        too_long = [line for line in out.splitlines() if len(line) > width and len(_WORD.findall(line)) > 3]
        assert not too_long


def test_help_of_a_command_is_the_command_with_its_flag(here):
    for words in (["run"], ["webhook", "serve"], ["run", "createMeeting"], []):
        assert here("help", *words).out == here(*words, "--help").out
    assert here("help", "nonsense").code == 2


def test_options_stand_under_headings_and_those_of_every_command_last():
    sections = sort_options(["--new", "--limit", "--query", "--input", "--store", "--fault", "--map", "--har", "--debug",
                             "--yes", "--retry", "--timeout", "--account", "--quiet"])  # fmt: skip
    assert next(iter(sections)) == OTHERS
    assert list(sections)[-1] == "Every command"
    assert sections["Sandbox"] == ["--fault"]
    assert sort_options(["--limit", "--quiet"]) == {OTHERS: ["--limit"], "Every command": ["--quiet"]}


@pytest.mark.parametrize(
    ("word", "fix"),
    [("login", "connector connect"), ("init", "connector new"), ("logs", "connector runs"), ("LS", "connector list"),
     ("version", "connector --version"), ("describe", "connector show"), ("curl", "connector request")],
)  # fmt: skip
def test_a_name_that_other_programs_have_leads_to_the_command(here, word, fix):
    done = here(word)
    assert done.code == 2
    assert f": {fix}" in done.err


def test_every_name_that_is_led_on_leads_to_a_command():
    from connector.cli.help.expected_names import _EXPECTED

    assert not set(_EXPECTED) & set(COMMANDS)
    assert {expected.name for expected in _EXPECTED.values()} <= {*COMMANDS, "--version"}


def test_an_action_typed_as_a_command_is_told_how_to_run_it(here):
    for word in ("createMeeting", "create-meeting"):
        done = here(word)
        assert done.code == 2
        assert "connector run createMeeting" in done.err


def test_a_group_without_a_command_shows_its_commands(here):
    done = here("webhook")
    assert done.code == 2
    assert "serve   Receive events" in done.err
    assert done.err.rstrip().endswith("A command is missing; the commands are above.")


@pytest.mark.parametrize("group", ["runs", "records", "connections"])
def test_a_group_of_what_is_kept_lists_it_where_no_command_is_named(here, group):
    assert here(group, "--sandbox", "--output", "json") == here(group, "list", "--sandbox", "--output", "json")
    assert "Commands\n" in here(group, "--help").out


def test_a_long_command_line_is_wrapped_so_that_it_can_be_copied():
    page = TextPage(Screen(width=40))
    page.add_command("""connector run createMeeting --topic 'a b c' -i settings:='{"x": 1}' --duration 60""")
    assert str(page).splitlines() == [
        "  connector run createMeeting \\",
        "    --topic 'a b c' \\",
        """    -i settings:='{"x": 1}' \\""",
        "    --duration 60",
    ]
