"""The OpenAPI 3.1 document of a connector.

What OpenAPI has no words for stands beside it under `x-connector`, so that an import of the document gives the folder
back: the words of the manifest, of each action, of events, and of files of choices.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from connector.authoring.openapi.operations import build_operation, find_groups
from connector.authoring.openapi.references import to_component
from connector.authoring.openapi.security import build_security_schemes
from connector.authoring.openapi.shapes import WireSchemas, build_event_schema
from connector.definition.connection_type import PLACEHOLDER
from connector.definition.folders.parts import RESOURCES_FILE, TYPES_FILE
from connector.definition.loader import read_bytes
from connector.definition.parsers import strict_yaml

if TYPE_CHECKING:
    from pathlib import Path

    from connector.definition.loader import Connector

EXTENSION = "x-connector"


def build_document(connector: Connector) -> dict[str, Any]:
    """Return the document. Raises DefinitionError for a file that is invalid."""
    manifest = connector.manifest
    info: dict[str, Any] = {"title": manifest.label, "version": manifest.version or "0", "summary": manifest.summary}
    document: dict[str, Any] = {"openapi": "3.1.0", "info": info, "servers": [_build_server(connector)]}
    if manifest.docs:
        document["externalDocs"] = {"url": manifest.docs}
    actions = sorted(connector.actions(), key=lambda action: action.action)
    words = {action.action: _read_words(path) for action, path in _pair_files(connector)}
    groups = find_groups(actions)
    schemas = WireSchemas(connector)
    document["tags"] = [{"name": group} for group in dict.fromkeys(groups.values())]
    paths: dict[str, dict[str, Any]] = {}
    others = []
    for action in actions:
        item = paths.setdefault(action.path, {}) if not action.is_raw else {}
        if action.is_raw or action.method.lower() in item:  # OpenAPI has one operation for a method and path
            others.append(words[action.action])
            continue
        operation = build_operation(connector, schemas, action, groups[action.action])
        item[action.method.lower()] = {**operation, EXTENSION: words[action.action]}
    document["paths"] = paths
    if connector.events:
        document["webhooks"] = {name: _build_webhook(name, event.body) for name, event in connector.events.items()}
    objects = _read_folder(connector.folder / "schemas" / "objects")
    document["components"] = {
        "schemas": {
            **{name: to_component(name, schema) for name, schema in objects.items()},
            **schemas.definitions,
        },
        "securitySchemes": build_security_schemes(connector),
    }
    document[EXTENSION] = {
        "manifest": _read_words(connector.folder / "manifest.yaml"),
        "actions": others,
        "events": _read_folder(connector.folder / "schemas" / "events"),
        "choices": _read_folder(connector.folder / "schemas" / "choices"),
    }
    for name in (TYPES_FILE, RESOURCES_FILE):
        path = connector.folder / name
        if path.is_file():
            document[EXTENSION][path.stem] = _read_words(path)
    return document


def _pair_files(connector: Connector) -> list[tuple[Any, Path]]:
    return [(connector.action(key), path) for key, path in connector.action_files.items()]


def _read_words(path: Path) -> dict[str, Any]:
    """Return the words of a file, as they are written."""
    words: dict[str, Any] = strict_yaml.read(read_bytes(path), str(path)).data
    return words


def _read_folder(folder: Path) -> dict[str, Any]:
    """Return the JSON files of a folder by name; none where there is no folder."""
    return {path.stem: json.loads(read_bytes(path)) for path in sorted(folder.glob("[!.]*.json"))}


def _build_server(connector: Connector) -> dict[str, Any]:
    """Return the server: each name in braces of the base URL is a variable."""
    manifest = connector.manifest
    variables: dict[str, Any] = {}
    for name in PLACEHOLDER.findall(manifest.base_url):
        fields = (one.inputs[key] for one in manifest.connections.values() if (key := one.find_input(name)))
        field = next(fields, None)
        default = (field.default or field.example) if field else None
        variables[name] = {"default": str(default or name), "description": field.help if field else name}
    return {"url": manifest.base_url, **({"variables": variables} if variables else {})}


def _build_webhook(name: str, body: Any) -> dict[str, Any]:
    content = {"application/json": {"schema": build_event_schema(body)}}
    reply = {"200": {"description": "The event was received."}}
    return {"post": {"summary": name, "requestBody": {"content": content}, "responses": reply}}
