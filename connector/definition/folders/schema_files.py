"""The JSON Schemas of a connector's YAML files: where each lies, and the first line by which editors find it."""

from __future__ import annotations

from pathlib import PurePosixPath


def get_schema_path(path: str) -> str:
    """Return the path of the schema of a YAML file, both below the connector's folder: actions/x.yaml, types.yaml."""
    kind = "action" if path.startswith("actions/") else PurePosixPath(path).stem
    return f"schemas/{kind}.schema.json"


def write_schema_line(path: str) -> str:
    """Return the first line of a YAML file of a connector, by its path below the folder."""
    return f"# yaml-language-server: $schema={'../' * path.count('/')}{get_schema_path(path)}\n"
