"""`connector list` and `connector show`: the actions of a connector, and one in detail."""

from __future__ import annotations

import sys
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

import click

from connector.cli.context.context import CommandContext, load_settings, open_connector, output_option
from connector.cli.groups import CONFIRM_NOTE, StrictCommand, global_options
from connector.cli.help.helpful_command import is_pager_allowed
from connector.cli.output import printer
from connector.cli.output.counts import format_count
from connector.cli.output.stdio import print_stderr
from connector.cli.terminal.pager import show_page
from connector.cli.terminal.screen import Screen

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from click.shell_completion import CompletionItem

    from connector.cli.catalogue.action_page import ActionView
    from connector.cli.context.settings import Settings
    from connector.definition.action import Action
    from connector.definition.forms.action_heads import ActionHead
    from connector.definition.forms.input_rows import DocRow
    from connector.definition.loader import Connector
    from connector.definition.trigger import Trigger


@click.command(
    "list", cls=StrictCommand, help="List the actions and triggers, grouped: all, or those with these words."
)
@click.argument("words", metavar="[WORD]...", nargs=-1)
@click.option("--connectors", is_flag=True, help="List the connectors that are installed instead.")
@output_option
@global_options
@click.pass_context
def list_command(ctx: click.Context, words: tuple[str, ...], output_format: str, *, connectors: bool) -> None:
    """List the actions and triggers, or the installed connectors."""
    from connector.cli.catalogue import action_list
    from connector.definition.forms.action_heads import ActionHeads

    if connectors:
        _list_connectors(output_format)
        return
    settings = load_settings(ctx)
    connector = open_connector(settings)
    index = connector.derive(ActionHeads.read)
    for finding in index.findings:
        print_stderr(str(finding))
    actions = action_list.find_actions(index.heads, words)
    triggers = action_list.find_triggers(connector.manifest.triggers, words)
    if output_format == "json":
        printer.write_json({
            "connector": connector.name,
            "actions": [_head_to_dict(entry) for entry in actions],
            "triggers": [
                {"trigger": name, "label": entry.label, "summary": entry.summary} for name, entry in triggers.items()
            ],
        })  # fmt: skip
        return
    groups = action_list.group_entries(actions, triggers)
    if words and not groups:
        asked = " and ".join(map(repr, words))
        meant = action_list.suggest_word(words, index.heads, connector.manifest.triggers)
        print_stderr(f"No action or trigger has {asked} in its name, group, summary or path.{meant}")
    screen = Screen.of(sys.stdout)
    if screen.is_terminal:
        command = CommandContext(connector, settings).format_command
        count = format_count(len(actions), "action")
        hint = f"{count}. '{command('list')} WORD' finds some, '{command('show')} ACTION' shows one."
        show_page(action_list.format_page(groups, screen, hint), is_allowed=is_pager_allowed(ctx))
    else:
        printer.write_text(action_list.format_plain(groups))


def _head_to_dict(head: ActionHead) -> dict[str, Any]:
    deprecation = {"deprecated": head.deprecated.describe()} if head.deprecated else {}
    return {
        "action": head.action, "label": head.label, "summary": head.summary, "request": head.request, **deprecation,
    }  # fmt: skip


def _list_connectors(output_format: str) -> None:
    """Print the bundled connector and those of installed packages: name, version, package and folder."""
    from connector.definition.folders.installed import find_installed_connectors
    from connector.definition.loader import Connector, find_bundled_folder
    from connector.errors import DefinitionError

    bundled = Connector.open()
    rows = [(bundled.name, bundled.manifest.version or "", "bundled, the default", str(find_bundled_folder()))]
    for one in find_installed_connectors():
        try:
            version = Connector.open(one.folder).manifest.version or ""
        except DefinitionError as error:
            version = f"invalid: {error.findings[0].message}" if error.findings else "invalid"
        rows.append((one.name, version, one.package, str(one.folder)))
    if output_format == "json":
        keys = ("connector", "version", "package", "folder")
        printer.write_json({"connectors": [dict(zip(keys, row, strict=True)) for row in rows]})
        return
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows]
    printer.write_text("\n".join(line.rstrip() for line in lines))


def _complete_names(ctx: click.Context, _: click.Parameter, incomplete: str) -> list[CompletionItem]:
    from click.shell_completion import CompletionItem

    connector = open_connector(load_settings(ctx))
    names = [*connector.action_files, *connector.manifest.triggers]
    return [CompletionItem(name) for name in names if name.startswith(incomplete)]


@click.command(
    "show", cls=StrictCommand, help="Print ACTION's inputs, example calls and example payload; or INPUT alone."
)
@click.argument("name", metavar="ACTION", shell_complete=_complete_names)
@click.argument("input_name", metavar="[INPUT]", required=False)
@click.option("--all", "is_whole", is_flag=True, help="On a terminal: every note and example, and the payload.")
@output_option
@global_options
@click.pass_context
def show_command(ctx: click.Context, name: str, input_name: str | None, output_format: str, *, is_whole: bool) -> None:
    """Print one action, one of its inputs with what is below it, or one trigger."""
    from connector.cli.catalogue import action_page

    settings = load_settings(ctx)
    connector = open_connector(settings)
    trigger = connector.manifest.triggers.get(name)
    if trigger is not None and input_name is None:
        _print_trigger(connector, name, trigger, output_format)
        return
    action = connector.action(name)
    screen = Screen.of(sys.stdout)
    if input_name is not None:
        view = action_page.ActionView(connector, action, _global_words(settings))
        _print_input(ctx, view, input_name, output_format)
    elif output_format == "json":
        printer.write_json(_action_to_dict(connector, action, _global_words(settings)))
    elif screen.is_terminal:
        view = action_page.ActionView(connector, action, _global_words(settings))
        page = _format_whole(view, screen) if is_whole else action_page.format_short(view, screen)
        show_page(page, is_allowed=is_pager_allowed(ctx))
    else:
        _print_action(action_page.ActionView(connector, action, _global_words(settings)))


def _global_words(settings: Settings) -> tuple[str, ...]:
    """Return the words that choose this connector in a command; none for the default of this user."""
    folder = settings.get("connector")
    return ("--connector", str(folder.value)) if folder.source.startswith("flag") else ()


def _action_to_dict(connector: Connector, action: Action, global_words: Sequence[str]) -> dict[str, Any]:
    from connector.cli.catalogue import command_line

    given = next((example.inputs for example in action.examples.values()), {})
    return {
        "action": action.action, "label": action.label, "summary": action.summary, "docs": action.docs,
        "request": action.request, "server": action.server, "scopes": action.scopes.model_dump(),
        "form": connector.form_schema(action.action),
        "call": {"action": action.action, "inputs": given},
        "command": command_line.format_command_line(action, given, global_words),
        "payload": connector.result_action(action.action).returns.example,
    }  # fmt: skip


def _format_whole(view: ActionView, screen: Screen) -> str:
    from connector.cli.catalogue import action_page
    from connector.definition.forms import input_rows

    rows = input_rows.fold_rows(input_rows.build_doc_rows(view.connector, view.action))
    return action_page.format_whole(view, [_describe_folded(view, *row) for row in rows], screen)


def _print_action(view: ActionView) -> None:
    from connector.cli.catalogue import command_line
    from connector.definition.forms import input_rows

    connector, action, global_words = view
    scopes = f"{', '.join(action.scopes.names)}{' (all of them)' if action.scopes.all else ''}"
    facts = {"request": action.request, "server": action.server, "docs": action.docs, "scopes": scopes}
    lines = [f"{action.action}: {action.label}", action.summary, ""]
    lines += [f"{name:<8} {value}" for name, value in facts.items() if value]
    if action.deprecated:
        lines += ["", action.deprecated.describe()]
    if action.is_destructive:
        lines += ["", CONFIRM_NOTE]
    printer.write_text("\n".join([*lines, "", "Inputs"]))
    rows = input_rows.fold_rows(input_rows.build_doc_rows(connector, action))
    _print_inputs(_describe_folded(view, row, left_out) for row, left_out in rows)
    for title, example in action.examples.items():
        printer.write_text(f"\n{title}\n  {command_line.format_command_line(action, example.inputs, global_words)}")
    returns = connector.result_action(action.action).returns
    if returns.help:
        printer.write_text(f"\nReturns: {returns.help}")
    if returns.example is not None:
        printer.write_json(returns.example)


def _print_input(ctx: click.Context, view: ActionView, name: str, output_format: str) -> None:
    """Print an input of an action, or a member such as blocks.0.accessory, and what is below it."""
    from connector.definition.forms import input_rows
    from connector.definition.suggest import did_you_mean
    from connector.errors import UsageError

    action = view.action
    rows = input_rows.build_doc_rows(view.connector, action)
    keys = [row.key for row in rows]
    if name not in keys:
        raise UsageError(f"{action.action} has no input {name!r}.{did_you_mean(name, keys)}")
    folded = input_rows.fold_rows(rows, name)
    if output_format == "json":
        printer.write_json({"action": action.action, "inputs": [asdict(row) for row, _ in folded]})
    else:
        _print_inputs((_describe_folded(view, *row) for row in folded), is_paged=is_pager_allowed(ctx))


def _describe_folded(view: ActionView, row: DocRow, left_out: int) -> DocRow:
    """Return a row with how to see the rows below it that are left out."""
    if not left_out:
        return row
    return replace(row, notes=f"{row.notes} It has {left_out} members: {view.format_command(row.key)}")


def _print_trigger(connector: Connector, name: str, trigger: Trigger, output_format: str) -> None:
    from connector.definition.forms import input_rows

    if output_format == "json":
        printer.write_json({"trigger": name, **trigger.model_dump(by_alias=True, exclude_none=True)})
        return
    printer.write_text(f"{name}: {trigger.label}\n{trigger.summary}\n")
    if trigger.watch is not None:
        watched = ", ".join(trigger.watch.resources)
        printer.write_text(f"Polled: the lists of {watched}, every {trigger.watch.every} ('connector webhook watch').")
        return
    printer.write_text("Inputs")
    _print_inputs([input_rows.build_doc_row(connector, key, field) for key, field in trigger.inputs.items()])


def _print_inputs(rows: Iterable[DocRow], *, is_paged: bool = False) -> None:
    from connector.cli.output import table

    rows = list(rows)
    screen = Screen.of(sys.stdout)
    if screen.is_terminal:
        from connector.cli.catalogue import action_page

        show_page(action_page.format_inputs(rows, screen), is_allowed=is_paged)
        return
    cells = [
        (row.key, row.type, "required" if row.required else "", row.default, row.notes, row.example) for row in rows
    ]
    table.print_table(("input", "type", "", "default", "notes", "example"), cells)
