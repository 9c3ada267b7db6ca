"""An action as a page for a person: what to type, then what it takes; with everything else when asked for."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NamedTuple

from connector.cli.catalogue.command_line import format_command_line
from connector.cli.groups import CONFIRM_NOTE, list_run_flags
from connector.cli.output.counts import format_count
from connector.cli.output.stdio import escape_json_controls
from connector.cli.terminal.page import INDENT, TextPage
from connector.definition.forms.cli_flags import build_cli_flags
from connector.definition.forms.sentences import format_value

if TYPE_CHECKING:
    from collections.abc import Sequence

    from connector.cli.terminal.screen import Screen
    from connector.definition.action import Action
    from connector.definition.fields import InputField
    from connector.definition.forms.cli_flags import CliFlag
    from connector.definition.forms.input_rows import DocRow
    from connector.definition.loader import Connector

_MAX_CHOICES = 5  # choices that are said in the line of an input
_WIDEST_FLAG = 44  # characters of a flag and its type that leave room for the help beside them


class ActionView(NamedTuple):
    """An action, its connector, and the words that choose this connector in a command."""

    connector: Connector
    action: Action
    global_words: Sequence[str]

    def format_command(self, *words: str) -> str:
        """Return a command line about this action."""
        import shlex

        return shlex.join(["connector", "show", self.action.action, *words, *self.global_words])


def format_short(view: ActionView, screen: Screen) -> str:
    """Return the page that a person wants first: an example, and the inputs with their flags."""
    action = view.action
    page = TextPage(screen)
    _add_head(page, view)
    if action.examples:
        page.add_heading("Example")
        _add_example(page, view, _choose_example(action))
    page.add_heading("Inputs")
    flags = [flag for flag in build_cli_flags(action, list_run_flags()) if flag.given_as == flag.key]
    rows = [_format_input(flag, action.inputs[flag.key]) for flag in flags if not action.inputs[flag.key].hidden]
    page.add_terms(rows or [("none", "")], widest_term=min(_WIDEST_FLAG, screen.text_width // 2))
    page.add_heading("More")
    facts = [(view.format_command("--all"), "all inputs with every note, all examples, the example payload")]
    facts += [(view.format_command("INPUT"), "one input")] if flags else []
    page.add_terms(facts, widest_term=_WIDEST_FLAG)
    page.add_text(action.docs or "", INDENT)
    return str(page)


def format_whole(view: ActionView, rows: Sequence[DocRow], screen: Screen) -> str:
    """Return everything about an action; `rows` are its inputs with their members."""
    action = view.action
    page = TextPage(screen)
    _add_head(page, view)
    scopes = f"{', '.join(action.scopes.names)}{' (all of them)' if action.scopes.all else ''}"
    facts = {"request": action.request, "server": action.server, "docs": action.docs, "scopes": scopes}
    page.add_blank()
    page.add_terms([(name, value) for name, value in facts.items() if value], 0)
    if action.examples:
        page.add_heading("Examples")
    for title in action.examples:
        _add_example(page, view, title)
    page.add_heading("Inputs")
    add_rows(page, rows)
    returns = view.connector.result_action(action.action).returns
    if returns.help or returns.example is not None:
        page.add_heading("Returns")
        page.add_text(returns.help or "", INDENT)
    if returns.example is not None:
        text = escape_json_controls(json.dumps(returns.example, indent=2, ensure_ascii=False))
        page.add_lines(text.splitlines(), INDENT)
    return str(page)


def format_inputs(rows: Sequence[DocRow], screen: Screen) -> str:
    """Return rows of inputs as a page."""
    page = TextPage(screen)
    add_rows(page, rows)
    return str(page)


def add_rows(page: TextPage, rows: Sequence[DocRow]) -> None:
    """Add inputs with all notes."""
    terms = []
    for row in rows:
        facts = [row.notes, f"Default: {row.default}." if row.default else ""]
        facts.append(f"Example: {row.example}" if row.example else "")
        kind = f"{row.type}, required" if row.required else row.type
        terms.append((f"{row.key} {kind}", " ".join(filter(None, facts))))
    page.add_terms(terms)


def _add_head(page: TextPage, view: ActionView) -> None:
    """Add the name, the summary and the warnings."""
    action = view.action
    page.add_text(f"{action.action}: {action.label}", role="heading")
    page.add_text(action.summary)
    if action.deprecated:
        page.add_text(action.deprecated.describe(), role="uncertain")
    if action.is_destructive:
        page.add_text(CONFIRM_NOTE, role="uncertain")


def _choose_example(action: Action) -> str:
    """Return the title of the example that tells most in few words: the shortest with more than what is required."""
    required = sum(field.required for field in action.inputs.values())
    lengths = {title: len(example.inputs) for title, example in action.examples.items()}
    telling = [title for title, length in lengths.items() if length > required + 1] or list(lengths)
    return min(telling, key=lengths.__getitem__)


def _add_example(page: TextPage, view: ActionView, title: str) -> None:
    page.add_text(f"# {title}", INDENT, role="hint", next_indent="# ")
    page.add_command(format_command_line(view.action, view.action.examples[title].inputs, view.global_words))


def _format_input(flag: CliFlag, field: InputField) -> tuple[str, str]:
    """Return what to type for an input with its type, and in few words what it is."""
    name = f"-i {flag.key}=?" if flag.secret else flag.name
    members = len(field.members or ())
    choices = field.typed_choices
    words = [
        "(required)" if flag.required else "",
        field.help,
        f"One of {', '.join(f'{format_value(value)} ({label})' for value, label in choices.items())}."
        if 0 < len(choices) <= _MAX_CHOICES
        else f"One of {format_count(len(choices), 'choice')}."
        if choices
        else "",
        f"It has {format_count(members, 'member')}." if members else "",
        "Repeatable." if flag.repeats else "",
        f"(default: {format_value(field.default)})" if field.has_default else "",
    ]
    return f"{name} {flag.type}", " ".join(filter(None, words))
