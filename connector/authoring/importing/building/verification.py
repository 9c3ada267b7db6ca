"""What is written is held to the rules of lint first: a word that breaks one is left out, and noted."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from connector.authoring.draft import ParsedFile
from connector.authoring.folder_reader import ConnectorFolder
from connector.authoring.importing.action_examples import make_action_example
from connector.authoring.importing.building.fields import is_plain
from connector.authoring.importing.building.site import NotRunnableError
from connector.authoring.lint import ACTION_RULES
from connector.authoring.rule_catalogue import find_voice
from connector.authoring.rules import examples, files, no_effect, payloads, texts
from connector.definition.action import Action
from connector.definition.manifest import Manifest
from connector.definition.parsers.strict_yaml import Document

if TYPE_CHECKING:
    from connector.authoring.draft import Violation
    from connector.authoring.importing.building.words import Remarks, Words
    from connector.definition.parsers.strict_yaml import NodePath

_EXAMPLE = "With what it needs"
_MAX_ROUNDS = 12
_REMOVABLE = ("example", "suggest", "pattern", "format", "min", "max", "choices", "hidden")
_OPTIONAL = ("lists", "form_nesting", "pagination", "examples", "content_type", "scopes", "constants")
_SKIPPED = (
    payloads.check_payload_fits_schema,
    files.check_key_order,
    files.check_file_name,
    texts.check_help_sentences,
)
_RULES = tuple(rule for rule in ACTION_RULES if rule not in _SKIPPED)


class Verifier:
    """Holds actions to the rules, beside a manifest."""

    def __init__(self, manifest: Words) -> None:
        document = Document("manifest.yaml", manifest)
        model = Manifest.model_validate(deepcopy(manifest))
        self._manifest = ParsedFile(Path("manifest.yaml"), document, model)

    def verify(self, words: Words, remarks: Remarks) -> Words:
        """Return an action's words as lint accepts them; what was left out is remarked. Raises NotRunnableError."""
        violations: list[Violation] = []
        for _ in range(_MAX_ROUNDS):
            violations = self._list_violations(words)
            if not violations:
                return words
            words = deepcopy(words)
            for path, violation in {_find_removable(words, item): item for item in violations}.items():
                if not path or not _remove(words, path):
                    continue
                if violation.rule == no_effect.RULE:
                    continue  # a word that did nothing is no loss
                place = ".".join(map(str, path[1:])) or str(path[0])
                if path[-1] in _REMOVABLE:
                    remarks.ask(place, "The description contradicts itself here. What is right?", violation.message)
                else:
                    remarks.lose(place, violation.message)
        raise NotRunnableError(f"lint refuses it: {violations[0].rule}: {violations[0].message}")

    def add_example(self, words: Words) -> Words:
        """Return an action's words with an example of a call, where one can be made and stated."""
        action = Action.model_validate(deepcopy(words))
        example = make_action_example(self._manifest.model, action)
        if example is None or not is_plain(example):
            return words
        shown = {**words, "examples": {_EXAMPLE: example}}
        try:
            return words if self._list_violations(shown) else shown
        except NotRunnableError:  # a form in a way that `request` cannot state
            return words

    def _list_violations(self, words: Words) -> list[Violation]:
        try:
            model = Action.model_validate(deepcopy(words))
        except ValidationError as error:
            details = error.errors(include_url=False, include_input=False)[0]
            place = ".".join(map(str, details["loc"]))
            raise NotRunnableError(f"the format cannot say it: {place}: {details['msg']}") from None
        file = ParsedFile(Path("-.yaml"), Document("-.yaml", words), model)
        folder = ConnectorFolder(Path(), self._manifest, actions=[file])
        found = [violation for rule in _RULES for violation in rule(file, folder)]
        errors = [item for item in found if find_voice(item.rule) == "error"]
        return errors or [item for item in examples.check_examples(file, folder) if find_voice(item.rule) == "error"]


def _find_removable(words: Words, violation: Violation) -> NodePath:
    """Return the path of the smallest part whose absence mends a violation; empty where there is none."""
    path = violation.path
    index = next((index for index, word in enumerate(path) if index > 1 and word in _REMOVABLE), None)
    if index is not None and path[0] == "inputs":
        return path[: index + 1]
    if path[:1] == ("inputs",) and len(path) > 1:
        field = words["inputs"].get(path[1], {})
        return () if field.get("required") else path[:2]
    if path[:1] == ("returns",):
        return path[:2] if len(path) > 1 else path
    return path[:1] if path and path[0] in _OPTIONAL else ()


def _remove(words: Any, path: NodePath) -> bool:
    for name in path[:-1]:
        if name not in words:
            return False
        words = words[name]
    return words.pop(path[-1], None) is not None
