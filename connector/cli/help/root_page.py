"""The page that `connector --help` prints; it needs no library."""

from __future__ import annotations

import sys

from connector.cli.help.examples import EXAMPLES, Examples
from connector.cli.help.sections import sort_commands
from connector.cli.registry import COMMANDS
from connector.cli.terminal.page import INDENT, TextPage
from connector.cli.terminal.screen import Screen

_ABOUT = """Run the actions of a connector: a folder of YAML that describes an API. Data goes to stdout, everything else
to stderr."""
_GLOBAL_OPTIONS = (
    ("--connector PATH", "The connector's folder, or the name of an installed one (default: the bundled one)."),
    ("--profile NAME", "The profile of the project file connector.yaml, or of the config file."),
    ("--quiet", "Print no notes and no progress on stderr."),
    ("--no-pager", "Print long pages as they are."),
    ("--version", "Print the version and exit."),
    ("-h, --help", "Print this page and exit."),
)


def format_root_page(examples: Examples = EXAMPLES[""]) -> str:
    """Return the help page of all commands, for stdout."""
    page = TextPage(Screen.of(sys.stdout))
    page.add_text("Usage: connector [OPTIONS] COMMAND [ARGS]...", next_indent="    ")
    page.add_blank()
    page.add_text(" ".join(_ABOUT.split()), INDENT)
    page.add_heading("Start here")
    page.add_terms([(command, words) for words, command in examples.commands])
    for heading, names in sort_commands(COMMANDS).items():
        page.add_heading(heading)
        page.add_terms([(name, COMMANDS[name][1]) for name in names])
    page.add_heading("Options")
    page.add_terms(_GLOBAL_OPTIONS)
    page.add_heading("Learn more")
    page.add_text("'connector help COMMAND' has the options and examples of a command.", INDENT)
    page.add_text("'connector help run ACTION' has the inputs of an action.", INDENT)
    page.add_text(f"Read {examples.format_page()} for a first meeting in a minute.", INDENT)
    return str(page)
