"""What Airflow asks of a provider: its connection types and their forms, made from the bundled connector's manifest.

Airflow's own processes read it at their start, so it imports nothing of Airflow.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from connector.definition.loader import Connector

if TYPE_CHECKING:
    from connector.definition.connection_type import ConnectionInput
    from connector.definition.manifest import Manifest

DISTRIBUTION = "connector"
GENERIC_TYPE = "connector"  # the Airflow connection type for a connector of any folder
GENERIC_NAME = "Connector (any folder)"
HOOKS = "connector.integrations.airflow.hook"
KIND, FOLDER, INPUTS, STORED = WORDS = ("kind", "folder", "inputs", "stored")  # in the extra of a connection

_SCHEMA_TYPES = {"integer": "integer", "number": "number", "boolean": "boolean"}
_STANDARD_FIELDS = ["host", "schema", "login", "port"]
_STORED_FIELD = {
    "label": "Stored as",
    "description": "The name of a connection in the store that CONNECTOR_STORE names. Then leave the rest empty.",
    "schema": {"type": ["string", "null"]},
}


@cache
def read_bundled_manifest() -> Manifest:
    """Return the manifest of the bundled connector."""
    return Connector.open().manifest


def get_provider_info() -> dict[str, Any]:
    """Return what the entry point `apache_airflow_provider` promises: JSON-safe data, without any secret."""
    manifest = read_bundled_manifest()
    integrations = [manifest.label, GENERIC_NAME]
    return {
        "package-name": DISTRIBUTION,
        "name": "Connector",
        "description": f"Actions of low-code connectors as tasks; {manifest.label} included.",
        "integrations": [{"integration-name": name, "tags": ["service"]} for name in integrations],
        "hook-class-names": [f"{HOOKS}.BundledHook", f"{HOOKS}.ConnectorHook"],
        "connection-types": [
            {
                "connection-type": manifest.connector,
                "hook-class-name": f"{HOOKS}.BundledHook",
                "hook-name": manifest.label,
                "conn-fields": build_form(manifest),
                "ui-field-behaviour": {"hidden-fields": [*_STANDARD_FIELDS, "password", "extra"], "relabeling": {}},
            },
            {
                "connection-type": GENERIC_TYPE,
                "hook-class-name": f"{HOOKS}.ConnectorHook",
                "hook-name": GENERIC_NAME,
                "conn-fields": _build_generic_form(),
                "ui-field-behaviour": {
                    "hidden-fields": [*_STANDARD_FIELDS, "extra"],
                    "relabeling": {"password": "Secret"},
                },
            },
        ],
    }


def build_form(manifest: Manifest) -> dict[str, Any]:
    """Return the fields of a connector's connections: the kind, the inputs of all kinds, and a stored name."""
    kinds = {name: kind for name, kind in manifest.connections.items() if not kind.needs_person}
    labels = ", ".join(f"{name} ({kind.label})" for name, kind in kinds.items())
    fields: dict[str, Any] = {
        KIND: {
            "label": "Kind",
            "description": f"How to sign in: {labels}.",
            "schema": {"type": ["string", "null"], "enum": [*kinds, None]},
        }
    }
    for name, kind in kinds.items():
        for key, field in kind.inputs.items():
            if key in fields:
                fields[key]["description"] += f" Also for {name}."
            elif not field.hidden:
                fields[key] = _build_field(field, name)
    return {**fields, STORED: _STORED_FIELD}


def _build_field(field: ConnectionInput, kind: str) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": [_SCHEMA_TYPES.get(field.type, "string"), "null"]}
    if field.secret:
        schema["format"] = "password"
    if field.choices and not field.allow_other:
        schema["enum"] = [*field.typed_choices, None]
    return {"label": field.label, "description": f"{field.help} For {kind}.", "schema": schema}


def _build_generic_form() -> dict[str, Any]:
    """Return the fields of a connection of any folder, whose inputs Airflow cannot know before."""
    text = {"type": ["string", "null"]}
    return {
        FOLDER: {"label": "Folder", "description": "The connector's folder, on every worker.", "schema": text},
        KIND: {"label": "Kind", "description": "A connection type of its manifest.", "schema": text},
        INPUTS: {
            "label": "Inputs",
            "description": "The inputs of that type, as a JSON object. The one secret of a type goes into Secret.",
            "schema": {"type": ["object", "null"]},
        },
        STORED: _STORED_FIELD,
    }
