"""Pages and schemas made from a connector's folder: the action reference, parity, and what editors complete from."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from connector.authoring import events_page
from connector.authoring.markdown import anchored, code, table
from connector.authoring.parity import page as parity_page
from connector.definition import describe
from connector.definition import schema_validation as shape
from connector.definition.action import Action
from connector.definition.loader import Connector
from connector.definition.manifest import Manifest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from connector.definition.describe import Row
    from connector.definition.fields import FormField
    from connector.definition.manifest import ConnectionKind, Trigger

ACTIONS = Path("docs/actions.md")
PARITY = Path("docs/parity.md")
SCHEMAS = {Path("schemas/action.schema.json"): Action, Path("schemas/manifest.schema.json"): Manifest}


def render(folder: Path) -> dict[Path, str]:
    """Return what is made from a connector's folder: path below the folder -> text. Raises DefinitionError."""
    made = {path: _json(shape.schema(model)) for path, model in SCHEMAS.items()}
    connector = Connector.open(folder)
    made[ACTIONS] = _reference(connector)
    if connector.events:
        made[events_page.PATH] = events_page.render(connector)
    if (folder / "parity.yaml").is_file():
        made[PARITY] = parity_page.render(folder)
    return made


def write(folder: Path, *, check: bool = False) -> list[Path]:
    """Write what is made from a folder where it is not fresh; return those files (with `check`, write nothing)."""
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


def _json(data: Any) -> str:
    return json.dumps(data, indent=2, ensure_ascii=False) + "\n"


def _reference(connector: Connector) -> str:
    manifest = connector.manifest
    actions = sorted(connector.actions(), key=lambda action: action.label)
    lines = [f"# {manifest.label}: connections, triggers and actions", "", manifest.summary, ""]
    lines += ["This page is made from the definitions by `connector docs`.", ""]
    lines += ["| Action | Key | What it does |", "|---|---|---|"]
    lines += [f"| {anchored(one.label)} | {code(one.action)} | {one.summary} |" for one in actions]
    if manifest.connections:
        lines += ["", "## Connections"]
        lines += [line for key, kind in manifest.connections.items() for line in _connection(connector, key, kind)]
    if manifest.triggers:
        lines += ["", "## Triggers"]
        lines += [line for key, one in manifest.triggers.items() for line in _trigger(connector, key, one)]
    lines += ["", "## Actions"]
    lines += [line for action in actions for line in _action(connector, action)]
    return "\n".join(lines) + "\n"


def _fields(connector: Connector, inputs: dict[str, FormField]) -> list[Row]:
    return _sorted(describe.row(connector, key, spec) for key, spec in inputs.items())


def _sorted(rows: Iterable[Row]) -> list[Row]:
    return sorted(rows, key=lambda row: row.key.lower())


def _connection(connector: Connector, key: str, kind: ConnectionKind) -> Iterator[str]:
    yield from ("", f"### {kind.label}", "", f"Key: {code(key)} · Kind: {code(kind.kind)}", "")
    if kind.only is not None:
        yield from (f"Runs {', '.join(map(code, kind.only))} only.", "")
    found = _fields(connector, dict(kind.inputs))
    yield from table(("Input", "Default", "Notes"), [(_input(row), code(row.default), row.notes) for row in found])


def _trigger(connector: Connector, key: str, trigger: Trigger) -> Iterator[str]:
    yield from ("", f"### {trigger.label}", "", trigger.summary, "", f"Key: {code(key)}", "", *_signed(trigger), "")
    if connector.events:
        yield from (f"Events: [{len(connector.events)} kinds]({events_page.PATH.name})", "")
    found = _fields(connector, dict(trigger.inputs))
    yield from table(("Input", "Notes", "Example"), [(_input(row), row.notes, code(row.example)) for row in found])


def _signed(trigger: Trigger) -> Iterator[str]:
    """Yield how a delivery is known to be the service's."""
    yield f"- Signed in the header {code(trigger.signature.header)}, over {code(trigger.signature.signs)}"
    if trigger.max_age is not None:
        yield f"- Good for {trigger.max_age:,} seconds"
    if trigger.challenge is not None:
        replied = ", ".join(map(code, trigger.challenge.reply))
        yield f"- The challenge {code(trigger.challenge.event)} is answered with {replied}"
    if trigger.dedupe:
        yield f"- Known again by {', '.join(map(code, trigger.dedupe))}"


def _action(connector: Connector, action: Action) -> Iterator[str]:
    yield from ("", f"### {action.label}", "", action.summary, "")
    where = f" · [Documentation]({action.docs})" if action.docs else ""
    yield f"Key: {code(action.action)}{where}"
    yield from ("", *_facts(action), "")
    cells = [
        (_input(row), code(row.default), row.notes, code(row.example))
        for row in _sorted(describe.rows(connector, action))
    ]
    yield from table(("Input", "Default", "Notes", "Example"), cells)
    if action.returns.help:
        yield from ("", f"Returns: {action.returns.help}")
    if action.returns.example is not None:
        yield from ("", f"Example Payload for {action.label}", "", "```json")
        yield json.dumps({"data": action.returns.example}, indent=2, ensure_ascii=False)
        yield "```"


def _facts(action: Action) -> Iterator[str]:
    """Yield what a list of facts says of an action: request, scopes, rate, paging, who may run it."""
    if not action.is_raw:
        yield f"- Request: {code(action.request)}"
    for word, scopes in (("Scopes", action.scopes.granular), ("Classic scopes", action.scopes.classic)):
        if scopes:
            yield f"- {word}, any of: {', '.join(map(code, scopes))}"
    if action.rates:
        yield f"- Rate: {', '.join(map(code, action.rates))}"
    if action.pages:
        yield f"- Lists {code(action.pages.items)}, page by page"
    if action.downloads:
        listed = dict.fromkeys(code(files.items) for files in action.downloads)
        yield f"- Files to download: those of {', '.join(listed)}, with `connector download {action.action}`"
    if action.connections:
        yield f"- Connections: {', '.join(map(code, action.connections))}"


def _input(row: Row) -> str:
    required = " / Required" if row.required else ""
    return f"{row.label}<br>{row.type}{required}<br>{code(row.key)}"
