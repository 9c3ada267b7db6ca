"""What is written is held to the rules of lint first: a word that breaks one is left out, and noted."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from connector.authoring.draft import ParsedFile
from connector.authoring.folder_reader import ConnectorFolder
from connector.authoring.importing.building.site import NotRunnableError
from connector.authoring.importing.building.texts import is_plain
from connector.authoring.importing.requests.fitted_examples import ExampleMaker
from connector.authoring.lint import ACTION_RULES, MEMBER_RULES, TYPE_RULES
from connector.authoring.rule_catalogue import find_voice
from connector.authoring.rules import examples, files, payloads, texts
from connector.authoring.rules.no_effect.violation import RULE as NO_EFFECT
from connector.definition.action import Action
from connector.definition.folders.parts import TYPES_FILE
from connector.definition.inputs.named_types import TypesFile, link_fields, link_types
from connector.definition.manifest import Manifest
from connector.definition.parsers.strict_yaml import Document

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connector.authoring.draft import Violation
    from connector.authoring.importing.building.named_types import NamedTypes
    from connector.authoring.importing.building.words import Remarks, Words
    from connector.authoring.importing.description import Operation
    from connector.definition.parsers.strict_yaml import NodePath

_CONTRADICTION = "The description contradicts itself here. What is right?"
_EXAMPLE = "With what it needs"
_MAX_ROUNDS = 12
_DEEPEST_EXAMPLE = 16  # levels of a call and its request
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

    def __init__(self, manifest: Words, types: Mapping[str, Words] | None = None) -> None:
        self._manifest, _ = _parse_manifest(manifest, types or {})
        self._examples = ExampleMaker(self._manifest.model)

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
                if violation.rule == NO_EFFECT:
                    continue  # a word that did nothing is no loss
                place = ".".join(map(str, path[1:])) or str(path[0])
                if path[-1] in _REMOVABLE:
                    remarks.ask(place, _CONTRADICTION, violation.message)
                else:
                    remarks.lose(place, violation.message)
        raise NotRunnableError(f"lint refuses it: {violations[0].rule}: {violations[0].message}")

    def add_example(self, words: Words, operation: Operation, remarks: Remarks) -> Words:
        """Return an action's words with an example of a call, where one can be made and stated."""
        action = Action.model_validate(deepcopy(words))
        link_fields(self._manifest.model.types, action.inputs.values())
        for example in self._examples.iter_examples(action, operation, remarks):
            shown = {**words, "examples": {_EXAMPLE: example}}
            if is_plain(example, most=_DEEPEST_EXAMPLE) and self._is_held(shown):
                return shown
        return words

    def _is_held(self, words: Words) -> bool:
        try:
            return not self._list_violations(words)
        except NotRunnableError:  # a form in a way that `request` cannot state
            return False

    def _list_violations(self, words: Words) -> list[Violation]:
        try:
            model = Action.model_validate(deepcopy(words))
        except ValidationError as error:
            details = error.errors(include_url=False, include_input=False)[0]
            place = ".".join(map(str, details["loc"]))
            raise NotRunnableError(f"the format cannot say it: {place}: {details['msg']}") from None
        link_fields(self._manifest.model.types, model.inputs.values())
        file = ParsedFile(Path("-.yaml"), Document("-.yaml", words), model)
        folder = ConnectorFolder(Path(), self._manifest, actions=[file])
        found = [violation for rule in _RULES for violation in rule(file, folder)]
        errors = [item for item in found if find_voice(item.rule) == "error"]
        return errors or [item for item in examples.check_examples(file, folder) if find_voice(item.rule) == "error"]


def verify_types(types: NamedTypes, manifest: Words) -> None:
    """Leave out, in place, what lint refuses of types: a word, a member, or a type as a whole, which is then JSON."""
    while types.words:
        try:
            violations = _list_type_violations(types, manifest)
        except ValidationError as error:
            types.remove(str(error.errors(include_url=False, include_input=False)[0]["loc"][0]))
            continue
        if not violations:
            return
        for path, violation in {violation.path: violation for violation in violations}.items():
            _mend_type(types, path, violation)


def _list_type_violations(types: NamedTypes, manifest: Words) -> list[Violation]:
    parsed, model = _parse_manifest(manifest, types.words)
    file = ParsedFile(Path(TYPES_FILE), Document(TYPES_FILE, types.words), model)
    folder = ConnectorFolder(Path(), parsed, types=file)
    found = [violation for rule in (*MEMBER_RULES, *TYPE_RULES) for violation in rule(file, folder)]
    is_unused = {id(one) for one in found if one.rule == NO_EFFECT and len(one.path) == 1}
    return [one for one in found if find_voice(one.rule) == "error" and id(one) not in is_unused]


def _mend_type(types: NamedTypes, path: NodePath, violation: Violation) -> None:
    name, *inner = map(str, path)
    if name not in types.words:
        return
    index = next((index for index, word in enumerate(path) if index > 1 and word in _REMOVABLE), None)
    member = types.words[name].get(inner[0]) if inner else None
    place = ".".join((name, *inner))
    if index is not None and _remove(types.words, path[: index + 1]):
        types.remarks[name].ask(place, _CONTRADICTION, violation.message)
    elif member is not None and "required" not in member and len(types.words[name]) > 1:
        del types.words[name][inner[0]]
        types.remarks[name].lose(place, violation.message)
    elif not inner or member is not None:
        types.remove(name)


def _parse_manifest(manifest: Words, types: Mapping[str, Words]) -> tuple[ParsedFile[Manifest], TypesFile]:
    """Return a manifest with types that are linked, and the types as their own file has them."""
    model = TypesFile.model_validate(deepcopy(dict(types)))
    link_types(model.root)
    whole = Manifest.model_validate(deepcopy(manifest)).model_copy(update={"types": model.root})
    return ParsedFile(Path("manifest.yaml"), Document("manifest.yaml", manifest), whole), model


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
