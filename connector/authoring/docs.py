"""Generated pages and schemas of a connector: actions, events, parity, and JSON Schemas for editors."""

from __future__ import annotations

import json
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from connector.authoring.markdown import format_code, link_heading, render_table
from connector.authoring.parity import page
from connector.authoring.parity.page_record import ParityRecord
from connector.core.json_path import get_at_path
from connector.definition.action import Action
from connector.definition.folders.parts import RESOURCES_FILE, TYPES_FILE
from connector.definition.folders.schema_files import get_schema_path
from connector.definition.forms import input_rows
from connector.definition.inputs.named_types import TypesFile
from connector.definition.loader import Connector
from connector.definition.manifest import Manifest
from connector.definition.resource import ResourcesFile
from connector.definition.validation import schema_validation

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from connector.definition.connection_type import ConnectionType
    from connector.definition.events import EventType
    from connector.definition.fields import FormField
    from connector.definition.forms.input_rows import DocRow
    from connector.definition.trigger import Trigger
    from connector.definition.validation.strict_model import StrictModel

ACTIONS_PAGE = Path("docs/actions.md")
EVENTS_PAGE = Path("docs/events.md")
PARITY_PAGE = Path("docs/parity.md")
_SCHEMA_MODELS: dict[str, type[StrictModel]] = {
    "actions/": Action, "manifest.yaml": Manifest, TYPES_FILE: TypesFile, RESOURCES_FILE: ResourcesFile,
    "parity.yaml": ParityRecord,
}  # fmt: skip
_SELDOM = {"parity.yaml"}  # its schema is for who has such a file


def render(folder: Path) -> dict[Path, str]:
    """Return the generated files of a folder: path below it -> text. Raises DefinitionError."""
    pages = {
        Path(get_schema_path(name)): _format_json(schema_validation.build_json_schema(model))
        for name, model in _SCHEMA_MODELS.items()
        if name not in _SELDOM or (folder / name).is_file()
    }
    connector = Connector.open(folder)
    pages[ACTIONS_PAGE] = _render_reference(connector)
    if connector.events:
        pages[EVENTS_PAGE] = _render_events_page(connector)
    if (folder / "parity.yaml").is_file():
        pages[PARITY_PAGE] = page.render_parity_page(folder)
    return pages


def write(folder: Path, *, check: bool = False) -> list[Path]:
    """Write the generated files that are stale and return their paths; with `check`, only return them."""
    stale = []
    for path, text in render(folder).items():
        target = folder / path
        if target.is_file() and target.read_bytes() == text.encode():
            continue
        stale.append(target)
        if not check:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(text.encode())
    return sorted(stale)


def _format_json(data: Any) -> str:
    return json.dumps(data, indent=2, ensure_ascii=False) + "\n"


def _render_reference(connector: Connector) -> str:
    manifest = connector.manifest
    actions = sorted(connector.actions(), key=lambda action: action.label)
    lines = [f"# {manifest.label}: connections, triggers and actions", "", manifest.summary, ""]
    lines += ["This page is generated from the definitions by `connector docs`.", ""]
    lines += ["| Action | Key | What it does |", "|---|---|---|"]
    lines += [f"| {link_heading(item.label)} | {format_code(item.action)} | {item.summary} |" for item in actions]
    if manifest.connections:
        lines += ["", "## Connections"]
        lines += [
            line
            for key, connection_type in manifest.connections.items()
            for line in _render_connection(connector, key, connection_type)
        ]
    if manifest.triggers:
        lines += ["", "## Triggers"]
        lines += [line for key, item in manifest.triggers.items() for line in _render_trigger(connector, key, item)]
    lines += ["", "## Actions"]
    lines += [line for action in actions for line in _render_action(connector, action)]
    return "\n".join(lines) + "\n"


def _build_rows(connector: Connector, inputs: dict[str, FormField]) -> list[DocRow]:
    return _sort_rows(input_rows.build_doc_row(connector, key, field) for key, field in inputs.items())


def _sort_rows(rows: Iterable[DocRow]) -> list[DocRow]:
    return sorted(rows, key=lambda row: row.key.lower())


def _render_connection(connector: Connector, key: str, connection_type: ConnectionType) -> Iterator[str]:
    yield from ("", f"### {connection_type.label}", "")
    yield from (f"Key: {format_code(key)} · Kind: {format_code(connection_type.kind)}", "")
    if connection_type.allowed_actions is not None:
        yield from (f"Runs {', '.join(map(format_code, connection_type.allowed_actions))} only.", "")
    if connection_type.hint is not None:
        yield from (connection_type.hint, "")
    rows = _build_rows(connector, dict(connection_type.inputs))
    yield from render_table(
        ("Input", "Default", "Notes"), [(_format_input(row), format_code(row.default), row.notes) for row in rows]
    )


def _render_trigger(connector: Connector, key: str, trigger: Trigger) -> Iterator[str]:
    yield from ("", f"### {trigger.label}", "", trigger.summary, "")
    yield from (f"Key: {format_code(key)}", "", *_describe_signature(trigger), "")
    if connector.events:
        yield from (f"Events: [{len(connector.events)} types]({EVENTS_PAGE.name})", "")
    rows = _build_rows(connector, dict(trigger.inputs))
    yield from render_table(
        ("Input", "Notes", "Example"), [(_format_input(row), row.notes, format_code(row.example)) for row in rows]
    )


def _describe_signature(trigger: Trigger) -> Iterator[str]:
    """Yield how deliveries are verified, and how events are told apart."""
    signature = trigger.signature
    if trigger.watch is not None:
        names = ", ".join(map(format_code, trigger.watch.resources))
        yield f"- Polled: the lists of {names}, every {trigger.watch.every}"
    if signature is not None:
        how = f"HMAC with {signature.hash}" if signature.algorithm == "hmac" else signature.algorithm
        place = f"in the header {format_code(signature.header)}, over {format_code(signature.payload)}"
        yield f"- Signed {place}, {how}"
    if trigger.token is not None:
        yield f"- Each delivery has the shared token, in {format_code(trigger.token)}"
    if trigger.event.each is not None:
        yield f"- A delivery has several events, in {format_code(trigger.event.each)}"
    if trigger.max_age is not None:
        yield f"- Valid for {trigger.max_age:,} seconds"
    if trigger.challenge is not None:
        reply = trigger.challenge.reply
        names = ", ".join(map(format_code, reply)) or "nothing"
        answer = f"is {format_code(reply)}" if isinstance(reply, str) else f"has {names}"
        yield f"- Challenge {format_code(trigger.challenge.name)}: the reply {answer}"
        if trigger.challenge.keep_as is not None:
            yield f"- It hands over {format_code(trigger.challenge.keep_as)}, where no secret is known yet"
    if trigger.identity.id:
        yield f"- A repeated event has the same {', '.join(map(format_code, trigger.identity.id))}"
    elif trigger.dedupe:
        ignored = trigger.identity.ignore
        changing = ", ".join(map(format_code, (*ignored.paths, *ignored.fields, *ignored.query)))
        yield f"- A repeated event has the same body{f', apart from {changing}' if changing else ''}"


def _render_action(connector: Connector, action: Action) -> Iterator[str]:
    yield from ("", f"### {action.label}", "", action.summary, "")
    if action.deprecated:
        yield from (f"**{action.deprecated.describe()}**", "")
    docs_link = f" · [Documentation]({action.docs})" if action.docs else ""
    yield f"Key: {format_code(action.action)}{docs_link}"
    yield from ("", *_summarize_action(action), "")
    cells = [
        (_format_input(row), format_code(row.default), row.notes, format_code(row.example))
        for row in _sort_rows(input_rows.build_doc_rows(connector, action))
    ]
    yield from render_table(("Input", "Default", "Notes", "Example"), cells)
    returns = connector.result_action(action.action).returns
    if returns.help:
        yield from ("", f"Returns: {returns.help}")
    if returns.example is not None:
        yield from ("", f"Example Payload for {action.label}", "", "```json")
        yield json.dumps({"data": returns.example}, indent=2, ensure_ascii=False)
        yield "```"


def _summarize_action(action: Action) -> Iterator[str]:
    """Yield a list of facts about an action: request, scopes, rate, paging, connections."""
    if not action.is_raw:
        server = f", at the server {format_code(action.server)}" if action.server else ""
        yield f"- Request: {format_code(action.request)}{server}"
    for heading, scopes in (
        ("Scopes, any of", action.scopes.granular),
        ("Classic scopes, any of", action.scopes.classic),
        ("Scopes, all of", action.scopes.all),
    ):
        if scopes:
            yield f"- {heading}: {', '.join(map(format_code, scopes))}"
    if action.rate_names:
        weight = f", counts as {action.weight}" if action.weight > 1 else ""
        yield f"- Rate: {', '.join(map(format_code, action.rate_names))}{weight}"
    if action.pagination:
        pages = "" if action.pagination.style == "none" else ", page by page"
        yield f"- Lists {format_code(action.pagination.items)}{pages}"
    if action.last_returns.columns:
        yield f"- Columns of a table: {', '.join(map(format_code, action.last_returns.columns))}"
    if action.poll is not None:
        results = f", then reads {format_code(action.then.action)}" if action.then is not None else ""
        yield f"- Starts a job, asks for it with {format_code(action.poll.action)} until it is done{results}"
    if action.upload is not None:
        rest = f", then runs {format_code(action.then.action)}" if action.then is not None else ""
        yield f"- Sends the file to the URL that the reply names{rest}"
    if action.downloads:
        item_paths = dict.fromkeys(format_code(listing.items) for listing in action.downloads)
        yield f"- Files to download: those of {', '.join(item_paths)}, with `connector download {action.action}`"
    if action.was:
        yield f"- Earlier called {', '.join(map(format_code, action.was))}"
    if action.connections:
        yield f"- Connections: {', '.join(map(format_code, action.connections))}"


def _format_input(row: DocRow) -> str:
    required = " / Required" if row.required else ""
    return f"{row.label}<br>{row.type}{required}<br>{format_code(row.key)}"


def _render_events_page(connector: Connector) -> str:
    event_types = sorted(connector.events.values(), key=lambda event_type: (event_type.group, event_type.name))
    object_path = next((trigger.event.object for trigger in connector.manifest.webhooks.values()), None)
    lines = [f"# {connector.manifest.label}: events", ""]
    lines += [f"{len(event_types)} event types. This page is generated from `schemas/events/` by `connector docs`."]
    fields = f"The fields are those of {format_code(object_path)}. " if object_path else ""
    lines += [f"{fields}Events that are not listed here are received as well.", ""]
    for group, members in groupby(event_types, key=lambda event_type: event_type.group):
        rows = [_build_event_row(event_type, object_path) for event_type in members]
        lines += [f"## {group}", "", *render_table(("Event", "Scopes, any of", "Fields"), rows), ""]
    return "\n".join(lines).rstrip() + "\n"


def _build_event_row(event_type: EventType, object_path: str | None) -> tuple[str, str, str]:
    scopes = event_type.scopes.wanted
    return (
        format_code(event_type.name),
        ", ".join(map(format_code, scopes)),
        ", ".join(_list_event_fields(event_type, object_path)),
    )


def _list_event_fields(event_type: EventType, object_path: str | None) -> list[str]:
    """Return the names of the object's fields; of its nearest parent where a body has no object."""
    node: Any = get_at_path(event_type.body, object_path)
    if node is None:
        parent_path = (object_path or ".").rpartition(".")[0] or "."
        node = get_at_path(event_type.body, parent_path) or event_type.body
    return [format_code(name) for name in node] if isinstance(node, dict) else []
