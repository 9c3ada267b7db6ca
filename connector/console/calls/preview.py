"""A call before it is sent: its request, and how it is written elsewhere. Secrets have no value in it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from pydantic_core import to_jsonable_python

from connector.cli.calls.call import CallTask
from connector.cli.calls.dry_run import fill_site
from connector.cli.calls.trace import trace_unsent_request
from connector.core import redaction
from connector.core.auth.signing import Signer
from connector.core.request.credential import Credential
from connector.definition.case import to_snake_case
from connector.definition.connection_type import PLACEHOLDER
from connector.errors import ConnectorError
from connector.first_use import dataclass
from connector.runtime.auth.connection import Connection
from connector.runtime.calls.call_options import CallOptions

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from connector.console.desk import Desk
    from connector.definition.action import Action

_SECRET, _FILE = object(), object()  # stand for values that are not shown


@dataclass(frozen=True, slots=True)
class Preview:
    """The request of a call, and the call as other programs make it."""

    request: str
    curl: str
    har: str
    call_file: str
    python: str
    command: str
    warnings: Sequence[str]


def preview_call(desk: Desk, action: Action, given: Mapping[str, Any], connection: str) -> Preview:
    """Return a call before it is sent. Raises InputError with every problem."""
    connector = desk.connector
    task = CallTask(action.action, {**given})
    request, warnings = task.preview(connector, _find_place(desk, connection), CallOptions())
    trace = trace_unsent_request(request, _build_credential(desk, connection))
    shown = _hide_secrets(desk, action, given)
    return Preview(
        request=_format_request(request.to_dict()),
        curl=trace.curl(),
        har=json.dumps(trace.har(), indent=2, ensure_ascii=False, default=str),
        call_file=write_call_file(action, shown, connection),
        python=write_python(desk, action, shown, connection),
        command=write_command(desk, action, shown, connection),
        warnings=warnings,
    )


def _find_place(desk: Desk, connection: str) -> Any:
    """Return the base URLs of a connection, without what is secret in them; as far as they are known."""
    context, manifest = desk.context, desk.connector.manifest
    if context.base_url is not None or not (any(map(PLACEHOLDER.search, manifest.base_urls)) or manifest.clouds):
        return context.base_url
    try:
        credentials = desk.get_client(connection or None).connection
    except ConnectorError:
        return None
    if not isinstance(credentials, Connection):
        return None
    return fill_site(desk.connector, manifest.connections[credentials.kind], credentials.inputs())


def _build_credential(desk: Desk, connection: str) -> Credential:
    """Return what signs a request, without its secret."""
    manifest = desk.connector.manifest
    kind = desk.find_kind(connection)
    return Signer.sign_unsent(manifest.connections[kind], manifest.filled_constants) if kind else Credential("")


def _hide_secrets(desk: Desk, action: Action, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return inputs as JSON-safe data; what is secret is a marker."""
    redactor = redaction.redactor_for(desk.connector)
    shown: dict[str, Any] = {}
    for key, value in given.items():
        field = action.inputs.get(key)
        if field is not None and (field.secret or field.type == "file"):
            shown[key] = _SECRET if field.secret else _FILE
        else:
            plain = to_jsonable_python(value, fallback=redaction.describe_type, bytes_mode="base64")
            shown[key] = redactor.redact_data({key: plain})[key]
    return shown


def _variable(key: str) -> str:
    return to_snake_case(key).upper()


def write_call_file(action: Action, given: Mapping[str, Any], connection: str) -> str:
    """Return the call as a file for `connector run -f`."""
    import yaml

    given = {key: value for key, value in given.items() if value is not _FILE}  # which call files cannot give
    inputs = {key: {"env": _variable(key)} if value is _SECRET else value for key, value in given.items()}
    call: dict[str, Any] = {"action": action.action}
    if connection:
        call["connection"] = connection
    if inputs:
        call["inputs"] = inputs
    return yaml.safe_dump(call, sort_keys=False, allow_unicode=True, width=100)


def write_python(desk: Desk, action: Action, given: Mapping[str, Any], connection: str) -> str:
    """Return the call as a program."""
    folder = desk.context.settings.get("connector").value
    opened = f"connector = Connector.open({folder!r})" if folder else "connector = Connector.open()"
    values = {key: _write_python_value(key, value) for key, value in given.items()}
    lines = ["import os\n"] if any(value is _SECRET for value in given.values()) else []
    if desk.context.sandbox:  # whose calls must not become those of the service
        lines += ["from connector import Client, Connector", "from connector.testing import Sandbox\n", opened]
        lines.append("sandbox = Sandbox(connector)")
        named = "sandbox.connection, http=sandbox.http"
    else:
        names = "Client, Connector, open_store" if connection else "Client, Connection, Connector"
        lines += [f"from connector import {names}\n", opened]
        named = f"{connection!r}, store=open_store()" if connection else "Connection.from_env(connector)"
    lines.append(f"with Client(connector, {named}) as client:")
    if values:
        body = "".join(f"        {key!r}: {value},\n" for key, value in values.items())
        lines.append(f"    result = client.run({action.action!r}, {{\n{body}    }})")
    else:
        lines.append(f"    result = client.run({action.action!r})")
    return "\n".join([*lines, "    print(result.data)", ""])


def _write_python_value(key: str, value: Any) -> str:
    if value is _FILE:
        return 'open("FILE", "rb")'
    return f"os.environ[{_variable(key)!r}]" if value is _SECRET else repr(value)


def write_command(desk: Desk, action: Action, given: Mapping[str, Any], connection: str) -> str:
    """Return the call as a command line."""
    words: list[str] = []
    for key, value in given.items():
        if value is _SECRET or value is _FILE:
            words += ["-i", f"{key}={'?' if value is _SECRET else '@FILE'}"]
        elif isinstance(value, str) and not value.startswith(("@", "=")):
            words += ["-i", f"{key}={value}"]
        else:
            words += ["-i", f"{key}:={json.dumps(value, ensure_ascii=False)}"]
    if connection:
        words += ["--connection", connection]
    return desk.context.format_command("run", action.action, *words)


def _format_request(request: Mapping[str, Any]) -> str:
    """Return a request as text: request line, headers, body."""
    lines = [f"{request['method']} {request['url']}"]
    lines += [f"{name}: {value}" for name, value in request["headers"].items()]
    body = request.get("body")
    if body is not None:
        lines += ["", body if isinstance(body, str) else json.dumps(body, indent=2, ensure_ascii=False, default=str)]
    return "\n".join(lines)
