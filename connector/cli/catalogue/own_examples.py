"""Examples of help pages in the words of the connector at hand, where it is not the bundled one."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from connector.cli.catalogue.command_line import format_command_line
from connector.cli.context.context import CommandContext, load_settings, open_connector
from connector.cli.groups import get_meta
from connector.cli.help.examples import Examples
from connector.definition.case import to_flag_name
from connector.errors import ConnectorError

if TYPE_CHECKING:
    from collections.abc import Iterator

    import click

    from connector.definition.action import Action
    from connector.definition.loader import Connector

_MAX_LOOKED_AT = 40  # actions, until one that reads and one that writes are found
_MAX_SHOWN = 2  # examples of an action
_MAX_CALL = 90  # characters of a call; of a longer one, what it needs is shown

# What is left out where the connector has nothing of the kind. {any} is a write, else a read.
_TEMPLATES: dict[str, tuple[tuple[str, str], ...]] = {
    "": (
        ("what the connector can do", "connector list"),
        ("one action: its inputs and an example", "connector show {any}"),
        ("try it; the sandbox needs no account", "connector {any_call} --sandbox"),
        ("sign in, then do it for real", "connector connect work"),
    ),
    "list": (
        ("the actions about it", "connector list {resource}"),
        ("all of them, as data", "connector list --output json"),
        ("the connectors that are installed", "connector list --connectors"),
    ),
    "show": (
        ("the inputs, one a line, and an example", "connector show {any}"),
        ("all notes and the example payload too", "connector show {any} --all"),
        ("one input", "connector show {any} {input}"),
    ),
    "choices": (("what an input takes", "connector choices {choosing} {choice}"),),
    "run": (
        ("a call that writes", "connector {write_call}"),
        ("see the request, send nothing", "connector {any_call} --dry-run"),
        ("a call that reads, as a table", "connector {read_call} --output table"),
        ("the calls of a file", "connector run -f calls.yaml"),
        ("a call for each row of a file", "connector run {any} -f rows.csv"),
    ),
    "request": (("read", "connector request GET {read_path}"),),
    "download": (("one file", "connector download https://example.com/rec/abc -o talk.mp4"),),
    "connect": (
        ("by the first kind of connection", "connector connect work"),
        ("try it without an account", "connector connect work --sandbox"),
        ("by this kind", "connector connect work --kind {kind}"),
    ),
    "records": (
        ("copy them", "connector records sync {synced}"),
        ("ask the copy", 'connector records query "SELECT id, seen_at FROM {view}"'),
    ),
    "records sync": (("keep a copy fresh", "connector records sync {synced} --every 10m"),),
    "records list": (("the newest copy", "connector records list {resource}"),),
    "records show": (("one of them", "connector records show {resource} ID"),),
    "records query": (("what is gone", 'connector records query "SELECT id FROM {view} WHERE gone_at IS NOT NULL"'),),
    "records export": (("for a spreadsheet", "connector records export csv {resource} -o {resource}.csv"),),
    "webhook": (
        ("receive, and run a program for each event", "connector webhook serve --exec ./handle-event"),
        ("try it", "connector webhook send {event} --to http://127.0.0.1:8765/webhook --sandbox"),
    ),
    "webhook serve": (("run a program for each event", "connector webhook serve --exec ./handle-event"),),
    "webhook send": (
        ("an event of the sandbox", "connector webhook send {event} --to http://127.0.0.1:8765/webhook --sandbox"),
    ),
    "help": (
        ("a command", "connector help webhook serve"),
        ("an action's inputs as flags", "connector help run {any}"),
    ),
}
_WITH_VIEWS = ("records", "records query")  # whose names are of the connector at hand, also of the bundled one


def find_own_examples(ctx: click.Context, path: str, bundled: Examples) -> Examples:
    """Return the examples of a command for the connector that it would use; those of the bundled one for that.

    Where the connector cannot be read, which its help does not need, they are the bundled one's too.
    """
    settings = load_settings(ctx)
    action: Action | None = get_meta(ctx, "action")
    try:
        is_bundled = settings.get("connector").value is None
        if (is_bundled and action is None and path not in _WITH_VIEWS) or path not in _TEMPLATES:
            return bundled
        connector = get_meta(ctx, "opened") or open_connector(settings)
    except ConnectorError:
        return bundled
    flags = CommandContext(connector, settings).format_command().removeprefix("connector").strip()
    if action is not None:
        return Examples(bundled.page, tuple(_list_calls(action, flags)))
    return Examples(bundled.page, tuple(_fill(path, connector, flags)))


def _fill(path: str, connector: Connector, flags: str) -> Iterator[tuple[str, str]]:
    """Yield the examples whose words the connector has, with the flags that name it."""
    words = _find_words(connector) | (_find_copied(connector) if path.startswith("records") else {})
    for text, template in _TEMPLATES[path]:
        try:
            command = template.format_map(words)
        except KeyError:
            continue
        yield text, f"{command} {flags}".rstrip()


def _list_calls(action: Action, flags: str) -> Iterator[tuple[str, str]]:
    """Yield calls of one action."""
    titles = sorted(action.examples, key=lambda title: len(action.examples[title].inputs))[:_MAX_SHOWN]
    for title in titles:
        yield title, f"{format_command_line(action, action.examples[title].inputs)} {flags}".rstrip()
    yield "see the request, send nothing", f"connector {_format_call(action)} --dry-run {flags}".rstrip()


def _format_call(action: Action) -> str:
    """Return the shortest example of an action as a command line without its program, of a long one what it needs."""
    needed = [key for key, field in action.inputs.items() if field.required]
    if not action.examples:
        return shlex.join(["run", action.action, *(word for key in needed for word in (f"--{to_flag_name(key)}", key))])
    all_given = [
        {action.key_by_spelling.get(name, name): value for name, value in example.inputs.items()}
        for example in action.examples.values()
    ]
    calls = {format_command_line(action, given): given for given in all_given}
    shortest = min(calls, key=len)
    if len(shortest) > _MAX_CALL:
        shortest = format_command_line(action, {key: calls[shortest][key] for key in needed if key in calls[shortest]})
    return shortest.removeprefix("connector ")


def _find_words(connector: Connector) -> dict[str, str]:
    """Return the words that examples are made of, as far as the connector has them."""
    manifest = connector.manifest
    words: dict[str, str] = {}
    for kind, action in _find_actions(connector).items():
        words |= {kind: action.action, f"{kind}_call": _format_call(action)}
    if "read" in words:
        words["read_path"] = connector.action(words["read"]).path
    for kind in ("read", "write"):
        if kind in words:
            words |= {"any": words[kind], "any_call": words[f"{kind}_call"]}
            inputs = connector.action(words[kind]).inputs
            words |= {"input": next(iter(inputs))} if inputs else {}
            choosing = next((key for key, field in inputs.items() if field.typed_choices), None)
            words |= {"choosing": words[kind], "choice": choosing} if choosing else {}
    if manifest.resources:
        words["resource"] = next(iter(manifest.resources))
    if manifest.triggers and connector.events:
        words["event"] = next(iter(connector.events))
    if manifest.connections:
        words["kind"] = next(reversed(manifest.connections))
    return words


def _find_copied(connector: Connector) -> dict[str, str]:
    """Return the words of commands about the copy: of a resource that a sync reads as it stands, if there is one."""
    from connector.core.records.kinds import name_view

    resources = connector.manifest.resources
    synced = next((name for name in resources if _is_synced(connector, name)), None)
    words = {} if synced is None else {"synced": synced}
    resource = next(iter(resources), None) if synced is None else synced
    return words if resource is None else {**words, "resource": resource, "view": name_view(connector, resource)}


def _is_synced(connector: Connector, resource: str) -> bool:
    """Whether a sync reads a resource without being given anything more."""
    from connector.runtime.sync.listings import find_listings

    try:
        find_listings(connector, (resource,), {})
    except ConnectorError:
        return False
    return True


def _find_actions(connector: Connector) -> dict[str, Action]:
    """Return the first action that reads and the first that writes; one that cannot be read is none."""
    found: dict[str, Action] = {}
    for name in list(connector.action_files)[:_MAX_LOOKED_AT]:
        try:
            action = connector.action(name)
        except ConnectorError:
            continue
        if not action.is_raw and not action.is_destructive:
            found.setdefault("read" if action.is_read else "write", action)
        if len(found) == len(("read", "write")):
            break
    return found
