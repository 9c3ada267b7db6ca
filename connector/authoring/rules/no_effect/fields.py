"""Words of fields and of what binds them: on which types, at which places and beside which others they do nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.authoring.draft import Violation
from connector.authoring.rules.fields import iter_fields, iter_groups
from connector.authoring.rules.no_effect.violation import RULE, build_violation
from connector.definition.fields import OBJECT_TYPES, Input, InputField, Member

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from connector.authoring.draft import ParsedFile
    from connector.authoring.folder_reader import ConnectorFolder
    from connector.authoring.rules.fields import FieldRef
    from connector.definition.action import Action
    from connector.definition.parsers.strict_yaml import NodePath

_SLASHED_TYPES = ("string", "text", "password", "scalar", "list of string", "json", "pairs")  # may have a / in them
_NUMBER_TYPES = ("integer", "number", "list of integer", "list of number")
_UNLISTED_TYPES = ("boolean", "file", "json", "scalar", *OBJECT_TYPES)  # whose values no list of choices can hold


def check_field_words(file: ParsedFile[Any], _folder: ConnectorFolder) -> Iterator[Violation]:
    """Check that the words of a field have an effect on its type and beside each other."""
    for field in iter_fields(file):
        definition = field.definition
        words = [*_list_misplaced_words(field)]
        if definition.type == "file":
            words += [(word, "a file is given by the caller; remove it.") for word in ("default", "suggest")]
        if definition.choices_from is not None and (definition.is_map or definition.type in _UNLISTED_TYPES):
            words.append(("choices_from", f"a field of type {definition.type} cannot have choices."))
        if not isinstance(definition, InputField):
            words.append(("choices_from", "it is asked before an action can be run; remove it."))
        if isinstance(definition, Member):
            words.append(
                ("choices_from", "choices are listed for the inputs of an action, not for members; remove it.")
            )
        is_closed = (definition.choices or definition.choices_file) and not definition.allow_other
        if is_closed and not definition.is_list:
            reason = "no value but the choices is accepted; remove it."
            words += [(word, reason) for word in ("pattern", "format", "min", "max")]
        for word, message in words:
            if word in definition.model_fields_set:
                yield build_violation(field.get_path(word), message)


def _list_misplaced_words(field: FieldRef) -> Iterator[tuple[str, str]]:
    """Yield the words of an action's input that do not fit its type or location, with the reason."""
    definition = field.definition
    if not isinstance(definition, Input | Member):
        return
    if definition.encode and (definition.location.part != "path" or definition.type not in _SLASHED_TYPES):
        yield "encode", "`encode` is for path values that may have a / in them."
    if definition.future and definition.type != "datetime":
        yield "future", f"`future` is for type datetime, not {definition.type}."
    if definition.wire and definition.type != "datetime":
        yield "wire", f"`wire` is for type datetime, not {definition.type}."
    if definition.unit and definition.type not in _NUMBER_TYPES:
        yield "unit", f"`unit` is for numbers, not {definition.type}."
    if definition.join and (not definition.is_list or definition.item_type == "object"):
        yield "join", f"`join` is for lists, not {definition.type}."


def check_input_relations(file: ParsedFile[Action], _folder: ConnectorFolder) -> Iterator[Violation]:
    """Check that `requires`, `conflicts_with` and `any_of` say more than `required` does."""
    yield from check_member_relations(file, _folder)
    required = {key for key, definition in file.model.inputs.items() if definition.required}
    for index, rule in enumerate(file.model.any_of):
        for place, key in enumerate(rule.of):
            if key in required:
                yield Violation(("any_of", index, "of", place), RULE, f"{key!r} is required anyway; remove the rule.")


def check_member_relations(file: ParsedFile[Any], _folder: ConnectorFolder) -> Iterator[Violation]:
    """Check that `requires` and `conflicts_with` in a group of inputs say more than `required` does."""
    for group in iter_groups(file):
        required = {key for key, definition in group.visible.items() if definition.required}
        yield from _check_relations_of(group.path, group.inputs, required)


def _check_relations_of(
    path: NodePath, inputs: Mapping[str, InputField], required: Collection[str]
) -> Iterator[Violation]:
    for key, definition in inputs.items():
        for other, values in definition.required_inputs.items():
            if other in required and values is None and other != key:
                yield build_violation((*path, key, "requires"), f"{other!r} is required anyway; remove it.")
        for other in definition.conflicting_inputs:
            if other in required and other != key:
                yield build_violation(
                    (*path, key, "conflicts_with"), f"{other!r} is required, so {key!r} can never be given."
                )
