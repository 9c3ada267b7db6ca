"""`connector config`: the settings in force, and where each came from; secrets are never shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from connector.cli.context.run_options import as_form, connector_of, settings
from connector.cli.context.settings import KEYS, OF_A_CONNECTOR, Setting, Settings, config_path, default_inbox
from connector.cli.groups import Command, shared
from connector.cli.output import errors as failure
from connector.cli.output import printer as output
from connector.core import redaction as redact
from connector.definition.fields import snake
from connector.errors import UsageError
from connector.runtime.clock import SystemClock
from connector.runtime.http import transport as http
from connector.runtime.rate_budget import budget
from connector.runtime.storage.encryption import VARIABLE
from connector.runtime.storage.file_store import default_folder

if TYPE_CHECKING:
    from connector.definition.loader import Connector

_HELP = """Print the settings in force, and where each came from.

A flag wins over the environment, that over the file which NAME_FILE names, that over the config file, that over the
default. An empty variable counts as unset. A plan, a budget or an HTTP library that cannot be used is told on stderr.
"""


@click.command("config", cls=Command, help=_HELP)
@as_form
@shared
@click.pass_context
def config_command(context: click.Context, shape: str) -> int:
    """Print the settings in force."""
    known = settings(context)
    connector = connector_of(known)
    rows = [*_general(connector, known), *_connection(connector, known)]
    if shape == "json":
        output.write_json({"config_file": str(config_path()), "settings": rows})
    else:
        width = max(len(row["name"]) for row in rows)
        lines = [f"{row['name']:<{width}}  {_shown(row['value'])}  ({row['source']})" for row in rows]
        output.write_text("\n".join([*lines, "", f"The config file is {config_path()}."]))
    wrong = _wrong(connector, known)
    for error in wrong:
        failure.say(failure.told(error))
    return failure.worst(map(failure.exit_code, wrong))


def _wrong(connector: Connector, known: Settings) -> list[UsageError]:
    """Return what is wrong with the settings that only a client would find out about."""
    prefix = connector.name.upper()
    plan, at = known.get("plan", f"{prefix}_PLAN").value, known.get("budget", f"{prefix}_BUDGET").value
    library = known.variable("CONNECTOR_HTTP")
    found = []
    try:
        budget.choose({"plan": plan, "at": at}, connector, SystemClock(), stand_in=False)
    except UsageError as error:
        found.append(error)
    try:
        if library:
            http.choose(library[0], asynchronous=False).close()
    except UsageError as error:
        found.append(error)
    return found


def _shown(value: Any) -> str:
    return "-" if value is None else str(value)


def _general(connector: Connector, known: Settings) -> list[dict[str, Any]]:
    safe = redact.of(connector)
    named = {key: f"{connector.name}_{key}".upper() for key in OF_A_CONNECTOR}
    found = [known.get(key, named.get(key)) for key in KEYS]
    found.append(Setting("http", *(known.variable("CONNECTOR_HTTP") or ("httpx", "default"))))
    standing = {
        "connector": str(connector.folder),
        "base_url": connector.manifest.base_url,
        "budget": "memory:",
        "store": f"file:{default_folder()}",
        "inbox": default_inbox(connector.name),
    }
    return [
        {
            "name": one.name,
            "value": safe.url(str(one.value)) if one.value is not None else standing.get(one.name),
            "source": one.source,
        }
        for one in found
    ]


def _connection(connector: Connector, known: Settings) -> list[dict[str, Any]]:
    """Return what the environment says of the connections; an input is shown unless any kind calls it secret."""
    rows = [_hidden(known, VARIABLE)]
    inputs = [(key, spec) for kind in connector.manifest.connections.values() for key, spec in kind.inputs.items()]
    secret = {key for key, spec in inputs if spec.secret}
    safe = redact.of(connector)
    for variable, key in connector.manifest.variables.items():
        value, source = known.variable(variable) or (None, "not set")
        shown = redact.HIDDEN if value is not None and key in secret else value and safe.text(value)
        rows.append({"name": variable, "value": shown, "source": source})
    asked = [key for one in connector.manifest.triggers.values() for key, spec in one.inputs.items() if spec.secret]
    return [*rows, *(_hidden(known, f"{connector.name}_{snake(key)}".upper()) for key in asked)]


def _hidden(known: Settings, name: str) -> dict[str, Any]:
    value, source = known.variable(name) or (None, "not set")
    return {"name": name, "value": value and redact.HIDDEN, "source": source}
