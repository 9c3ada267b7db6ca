"""The settings in force and their sources, without secrets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.cli.context.config_file import SETTING_KEYS, config_path
from connector.cli.context.context import load_settings, open_connector
from connector.cli.context.locations import build_default_url
from connector.cli.context.project import find_trust
from connector.cli.context.settings import Setting, Settings
from connector.cli.output import printer
from connector.cli.output.error_output import print_error
from connector.cli.output.exit_codes import combine_exit_codes, exit_code
from connector.cli.output.stdio import keeping_code
from connector.core import redaction
from connector.definition.case import to_snake_case
from connector.definition.manifest import CONNECTOR_SETTINGS
from connector.errors import UsageError
from connector.runtime.clock import SystemClock
from connector.runtime.http import transport
from connector.runtime.rate_budget import budget
from connector.runtime.storage.encryption import KEY_VARIABLE

if TYPE_CHECKING:
    import click

    from connector.definition.loader import Connector


def print_settings(ctx: click.Context, output_format: str) -> int:
    """Print the settings in force, and return the exit code."""
    settings = load_settings(ctx)
    connector = open_connector(settings)
    rows = [*_list_general_settings(connector, settings), *_list_connection_settings(connector, settings)]
    errors = _find_setting_errors(connector, settings)
    with keeping_code(lambda: combine_exit_codes(map(exit_code, errors))):
        _print_rows(settings, rows, output_format)
    return combine_exit_codes(map(print_error, errors))


def _print_rows(settings: Settings, rows: list[dict[str, Any]], output_format: str) -> None:
    if output_format == "json":
        project_file = settings.project_file
        printer.write_json(
            {"config_file": str(config_path()), "project_file": project_file and str(project_file), "settings": rows}
        )
    else:
        width = max(len(row["name"]) for row in rows)
        lines = [f"{row['name']:<{width}}  {_format_value(row['value'])}  ({row['source']})" for row in rows]
        printer.write_text("\n".join([*lines, "", *_describe_files(settings)]))


def _describe_files(settings: Settings) -> list[str]:
    """Return where the files of settings are, and whether what is sent may depend on that of the project."""
    path = settings.project_file
    lines = [f"The config file is {config_path()}."]
    if path is None:
        return [*lines, "There is no project file connector.yaml in this folder or above."]
    trust = {
        "trusted": "is trusted",
        "changed": "has changed since it was trusted ('connector config trust' trusts it as it is)",
        "unknown": "is not trusted ('connector config trust')",
    }[find_trust(path)]
    return [*lines, f"The project file is {path}; its folder {trust}."]


def _find_setting_errors(connector: Connector, settings: Settings) -> list[UsageError]:
    """Return the errors of settings that only a client checks."""
    prefix = connector.name.upper()
    plan, store = settings.get("plan", f"{prefix}_PLAN").value, settings.get("budget", f"{prefix}_BUDGET").value
    library = settings.read_variable("CONNECTOR_HTTP_LIBRARY")
    errors = []
    try:
        budget.open_budget({"plan": plan, "store": store}, connector, SystemClock(), sandboxed=False)
    except UsageError as error:
        errors.append(error)
    try:
        if library:
            transport.load_transport(library[0], asynchronous=False).close()
    except UsageError as error:
        errors.append(error)
    return errors


def _format_value(value: Any) -> str:
    return "-" if value is None else str(value)


def _list_general_settings(connector: Connector, settings: Settings) -> list[dict[str, Any]]:
    redactor = redaction.redactor_for(connector)
    variables = {key: f"{connector.name}_{key}".upper() for key in CONNECTOR_SETTINGS}
    found_settings = [settings.get(key, variables.get(key)) for key in (*SETTING_KEYS, "profile")]
    found_settings.append(
        Setting("http_library", *(settings.read_variable("CONNECTOR_HTTP_LIBRARY") or ("httpx", "default")))
    )
    defaults = {
        "connector": str(connector.folder),
        "base_url": connector.manifest.base_url,
        "budget": "memory:",
        **{kind: build_default_url(kind, connector.name) for kind in ("store", "inbox", "runs", "records")},
    }
    return [
        {
            "name": setting.name,
            "value": redactor.redact_url(str(setting.value))
            if setting.value is not None
            else defaults.get(setting.name),
            "source": setting.source,
        }
        for setting in found_settings
    ]


def _list_connection_settings(connector: Connector, settings: Settings) -> list[dict[str, Any]]:
    """Return the variables of connections; an input is masked if it is secret in any kind."""
    rows = [_mask_variable(settings, KEY_VARIABLE)]
    inputs = [
        (key, field)
        for connection_type in connector.manifest.connections.values()
        for key, field in connection_type.inputs.items()
    ]
    secret_keys = {key for key, field in inputs if field.secret}
    redactor = redaction.redactor_for(connector)
    for variable, key in connector.manifest.environment_variables.items():
        value, source = settings.read_variable(variable) or (None, "not set")
        display_value = (
            redaction.MASK if value is not None and key in secret_keys else value and redactor.redact_text(value)
        )
        rows.append({"name": variable, "value": display_value, "source": source})
    trigger_secret_keys = dict.fromkeys(
        key for trigger in connector.manifest.triggers.values() for key in trigger.key_inputs
    )
    return [
        *rows,
        *(_mask_variable(settings, f"{connector.name}_{to_snake_case(key)}".upper()) for key in trigger_secret_keys),
    ]


def _mask_variable(settings: Settings, name: str) -> dict[str, Any]:
    value, source = settings.read_variable(name) or (None, "not set")
    return {"name": name, "value": value and redaction.MASK, "source": source}
