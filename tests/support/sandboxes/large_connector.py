"""A folder of many actions, made from a vendor's packed OpenAPI descriptions where those are at hand."""

from __future__ import annotations

import json
import re
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from connector.definition.case import to_kebab_case

if TYPE_CHECKING:
    from collections.abc import Iterator

PACKED = Path(__file__).parents[4] / "shared" / "reference" / "openapi" / "zoom.tar.xz"
METHODS = ("get", "post", "put", "patch", "delete")
MANIFEST = """
connector: many
label: Many
summary: A service of many actions.
base_url: https://api.example.com/v1
connections:
  key:
    kind: api_key
    label: API key
    to: header.X-Key
    inputs:
      apiKey: {label: API Key, help: The key., type: password, required: true}
"""


def operations() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield method, path and description of each operation."""
    with tarfile.open(PACKED) as packed:
        for member in sorted(packed.getmembers(), key=lambda member: member.name):
            file = packed.extractfile(member) if member.name.endswith(".json") else None
            for path, item in json.load(file)["paths"].items() if file else ():
                for method in METHODS:
                    if method in item:
                        yield method.upper(), path, item[method]


def write_folder(folder: Path) -> Path:
    """Write a connector with an action for each operation."""
    (folder / "actions").mkdir(parents=True)
    (folder / "manifest.yaml").write_text(MANIFEST, "utf-8")
    taken: set[str] = set()
    for method, path, operation in operations():
        summary = (operation.get("summary") or path).strip().rstrip(".")
        stem = key = _choose_key(summary, taken)
        taken.add(stem.lower())
        action = {
            "action": key,
            "label": " ".join(word.capitalize() for word in re.findall(r"[A-Za-z0-9]+", summary)),
            "summary": f"{summary}.",
            "request": f"{method} {re.sub(r'[^A-Za-z0-9/{}_.-]', '', path)}",
            "inputs": _inputs(path, operation),
        }
        text = yaml.safe_dump(action, sort_keys=False, allow_unicode=True, width=1000)
        (folder / "actions" / f"{to_kebab_case(key)}.yaml").write_text(text, "utf-8")
    return folder


def _choose_key(summary: str, taken: set[str]) -> str:
    first, *rest = [word.lower() for word in re.findall(r"[A-Za-z][A-Za-z0-9]*", summary)] or ["operation"]
    key = first + "".join(word.capitalize() for word in rest)
    number = 2
    chosen = key
    while chosen.lower() in taken:
        chosen = f"{key}No{number}"
        number += 1
    return chosen


def _inputs(path: str, operation: dict[str, Any]) -> dict[str, Any]:
    inputs = {}
    for name in re.findall(r"{(\w+)}", path):
        inputs[name] = {"label": name, "help": f"The {name}.", "type": "string", "required": True, "to": f"path.{name}"}
    for parameter in operation.get("parameters", ()):
        name = parameter.get("name", "")
        if parameter.get("in") == "query" and re.fullmatch(r"[A-Za-z]\w*", name) and name not in inputs:
            inputs[name] = {"label": name, "help": f"The {name}.", "type": "string", "to": f"query.{name}"}
    return inputs
