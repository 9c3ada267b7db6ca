"""Resources of the connector: those that were inferred, by the paths of its actions, as lint accepts them."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from typing import TYPE_CHECKING, Any

from connector.authoring.draft import ParsedFile
from connector.authoring.folder_reader import ConnectorFolder
from connector.authoring.importing.evidence.routes import normalize_path
from connector.authoring.rules import sandbox
from connector.authoring.rules.no_effect import manifest as idle_manifest
from connector.definition.action import Action
from connector.definition.manifest import Manifest
from connector.definition.parsers.strict_yaml import Document

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from connector.authoring.importing.building.words import Words

_RULES = (idle_manifest.check_resource_words, sandbox.check_sandbox)


def build_resources(
    inferred: Mapping[str, Words], paths: Mapping[str, str], manifest: Words, actions: Sequence[Words]
) -> dict[str, Words]:
    """Return the words of resources; `paths` are those of the description -> those of the actions."""
    written = {normalize_path(theirs): ours for theirs, ours in paths.items()}
    resources: dict[str, Words] = {}
    for name, words in inferred.items():
        placed = {
            key: written.get(normalize_path(value)) if key in ("list", "item") else value
            for key, value in words.items()
        }
        resources[name] = {key: value for key, value in placed.items() if value is not None}
    return _drop_refused(resources, manifest, [_to_file(words) for words in actions])


def _to_file(words: Words) -> ParsedFile[Action]:
    return ParsedFile(Path("-.yaml"), Document("-.yaml", words), Action.model_validate(deepcopy(words)))


def _drop_refused(resources: dict[str, Words], manifest: Words, actions: list[ParsedFile[Action]]) -> dict[str, Words]:
    """Return the resources that no rule of lint refuses, without those whose parent goes."""
    while resources:
        words: dict[str, Any] = {**deepcopy(manifest), "resources": deepcopy(resources)}
        document = Document("manifest.yaml", words)
        file = ParsedFile(Path("manifest.yaml"), document, Manifest.model_validate(words))
        folder = ConnectorFolder(Path(), file, actions=actions)
        refused = {
            str(violation.path[1]) for rule in _RULES for violation in rule(file, folder) if len(violation.path) > 1
        }
        if not refused & resources.keys():
            break
        resources = {name: one for name, one in resources.items() if name not in refused}
    return resources
