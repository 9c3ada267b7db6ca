"""`connector list` and `connector show`: what a connector can do, and what one action takes."""

from __future__ import annotations

import json
import re
import shlex
from typing import TYPE_CHECKING, Any

import click

from connector.cli.context.run_options import as_form, connector_of, settings
from connector.cli.groups import Command, shared
from connector.cli.output import printer as output

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from click.shell_completion import CompletionItem

    from connector.definition.action import Action
    from connector.definition.describe import Row
    from connector.definition.fields import Input
    from connector.definition.loader import Connector
    from connector.definition.manifest import Trigger

RAW_GROUP, TRIGGER_GROUP = "any request", "triggers"


@click.command("list", cls=Command, help="Print the actions and triggers, grouped, with one line each.")
@as_form
@shared
@click.pass_context
def list_command(context: click.Context, shape: str) -> None:
    """Print the actions and triggers."""
    connector = connector_of(settings(context))
    actions = list(connector.actions())
    triggers = connector.manifest.triggers
    if shape == "json":
        output.write_json({
            "connector": connector.name,
            "actions": [
                {"action": one.action, "label": one.label, "summary": one.summary, "request": one.request}
                for one in actions
            ],
            "triggers": [
                {"trigger": name, "label": one.label, "summary": one.summary} for name, one in triggers.items()
            ],
        })  # fmt: skip
        return
    groups = {
        **{group: [(one.action, one.summary) for one in members] for group, members in grouped(actions).items()},
        TRIGGER_GROUP: [(name, one.summary) for name, one in triggers.items()],
    }
    width = max((len(name) for rows in groups.values() for name, _ in rows), default=0)
    blocks = [
        "\n".join([group, *(f"  {name:<{width}}  {line}" for name, line in rows)])
        for group, rows in groups.items()
        if rows
    ]
    output.write_text("\n\n".join(blocks))


def grouped(actions: Sequence[Action]) -> dict[str, list[Action]]:
    """Group actions by what they are about: the last noun of their path, or the first where no other shares it."""
    nouns = {one.action: _nouns(one) for one in actions}
    last = [found[-1] for found in nouns.values()]
    groups: dict[str, list[Action]] = {}
    for one in sorted(actions, key=lambda action: action.action):
        found = nouns[one.action]
        groups.setdefault(found[-1] if last.count(found[-1]) > 1 else found[0], []).append(one)
    return dict(sorted(groups.items(), key=lambda item: (item[0] == RAW_GROUP, item[0])))


def _nouns(action: Action) -> list[str]:
    found = re.findall(r"/([^/{}]+)", action.path)
    return found or [RAW_GROUP]


def _names(context: click.Context, _: click.Parameter, incomplete: str) -> list[CompletionItem]:
    from click.shell_completion import CompletionItem

    connector = connector_of(settings(context))
    names = [*connector.files, *connector.manifest.triggers]
    return [CompletionItem(name) for name in names if name.startswith(incomplete)]


@click.command("show", cls=Command, help="Print what ACTION takes, an example call, and the example payload.")
@click.argument("name", metavar="ACTION", shell_complete=_names)
@as_form
@shared
@click.pass_context
def show_command(context: click.Context, name: str, shape: str) -> None:
    """Print one action, or one trigger."""
    connector = connector_of(settings(context))
    trigger = connector.manifest.triggers.get(name)
    if trigger is not None:
        _show_trigger(connector, name, trigger, shape)
        return
    action = connector.action(name)
    if shape == "json":
        output.write_json(_as_data(connector, action))
    else:
        _show_action(connector, action)


def _as_data(connector: Connector, action: Action) -> dict[str, Any]:
    from connector.definition import describe

    given = next((example.given for example in action.examples.values()), {})
    return {
        "action": action.action, "label": action.label, "summary": action.summary, "docs": action.docs,
        "request": action.request, "scopes": action.scopes.model_dump(), "form": describe.form(connector, action),
        "call": {"action": action.action, "inputs": given}, "command": command_line(action, given),
        "payload": action.returns.example,
    }  # fmt: skip


def _show_action(connector: Connector, action: Action) -> None:
    from connector.definition import describe

    scopes = action.scopes.classic + action.scopes.granular
    facts = {"request": action.request, "docs": action.docs, "scopes": ", ".join(scopes)}
    lines = [f"{action.action}: {action.label}", action.summary, ""]
    lines += [f"{name:<8} {value}" for name, value in facts.items() if value]
    output.write_text("\n".join([*lines, "", "Inputs"]))
    _draw_inputs(describe.rows(connector, action))
    for title, example in action.examples.items():
        output.write_text(f"\n{title}\n  {command_line(action, example.given)}")
    if action.returns.help:
        output.write_text(f"\nReturns: {action.returns.help}")
    if action.returns.example is not None:
        output.write_json(action.returns.example)


def _show_trigger(connector: Connector, name: str, trigger: Trigger, shape: str) -> None:
    from connector.definition import describe

    if shape == "json":
        output.write_json({"trigger": name, **trigger.model_dump(by_alias=True, exclude_none=True)})
        return
    output.write_text(f"{name}: {trigger.label}\n{trigger.summary}\n\nInputs")
    _draw_inputs([describe.row(connector, key, spec) for key, spec in trigger.inputs.items()])


def _draw_inputs(rows: Iterable[Row]) -> None:
    from connector.cli.output import table

    cells = [
        (row.key, row.type, "required" if row.required else "", row.default, row.notes, row.example) for row in rows
    ]
    table.rows_under(("input", "type", "", "default", "notes", "example"), cells, wrap=True)


def command_line(action: Action, given: Mapping[str, Any]) -> str:
    """Return the command that gives this: flags where a text will do, `-i KEY:=JSON` elsewhere."""
    from connector.definition.describe import flags

    names = {flag.key: flag.name for flag in flags(action)}
    words = ["connector", "run", action.action]
    for spelling, value in given.items():
        key = action.names.get(spelling, spelling)
        words += _words(action.inputs[key], key, names[key], value)
    return shlex.join(words)


def _words(spec: Input, key: str, flag: str, value: Any) -> list[str]:
    if spec.secret:
        return ["-i", f"{key}=?"]
    if isinstance(value, bool):
        return [flag] if value else [flag, "false"]
    if isinstance(value, str | int | float):
        return [flag, str(value)]
    if spec.is_list and value and all(isinstance(item, str | int) for item in value):
        return [word for item in value for word in (flag, str(item))]
    return ["-i", f"{key}:={json.dumps(value, ensure_ascii=False)}"]
