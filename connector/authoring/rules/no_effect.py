"""Rules of words without effect: each is valid by itself, and does nothing where it stands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.authoring.draft import Violation
from connector.authoring.rules.fields import iter_fields, iter_groups
from connector.core.http_semantics import NON_IDEMPOTENT_METHODS
from connector.definition.action import DATA_TYPES, SAFE_METHODS
from connector.definition.fields import OBJECT_TYPES, Input, InputField, Member
from connector.definition.inputs.request_location import RequestLocation

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from connector.authoring.draft import ParsedFile
    from connector.authoring.folder_reader import ConnectorFolder
    from connector.authoring.rules.fields import FieldRef
    from connector.definition.action import Action
    from connector.definition.manifest import Manifest
    from connector.definition.parsers.strict_yaml import NodePath

RULE = "no-effect"
_PAIR_PARTS = ("query", "form", "header")
_BODY_PARTS = ("body", "form", "file")
_UNLISTED_TYPES = ("boolean", "file", "json", "scalar", *OBJECT_TYPES)  # whose values no list of choices can hold
_FORM_BODIES = ("form", "multipart")


def _fail(path: NodePath, message: str) -> Violation:
    return Violation(path, RULE, message, key=True)


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
                yield _fail(field.get_path(word), message)


def _list_misplaced_words(field: FieldRef) -> Iterator[tuple[str, str]]:
    """Yield the words of an action's input that do not fit its type or location, with the reason."""
    definition = field.definition
    if not isinstance(definition, Input | Member):
        return
    if definition.encode and definition.location.part != "path":
        yield "encode", "`encode` is for path values."
    if definition.future and definition.type != "datetime":
        yield "future", f"`future` is for type datetime, not {definition.type}."
    if definition.wire and definition.type != "datetime":
        yield "wire", f"`wire` is for type datetime, not {definition.type}."
    if definition.join and not definition.is_list:
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
                yield _fail((*path, key, "requires"), f"{other!r} is required anyway; remove it.")
        for other in definition.conflicting_inputs:
            if other in required and other != key:
                yield _fail((*path, key, "conflicts_with"), f"{other!r} is required, so {key!r} can never be given.")


def check_action_words(file: ParsedFile[Action], folder: ConnectorFolder) -> Iterator[Violation]:
    """Check that the words of an action have an effect on its request and its reply."""
    action = file.model
    words = {
        "body": not _sends_body(action) and "it sends no body; remove it.",
        "content_type": _explain_content_type(action),
        "lists": not _sends_lists(action) and "no list is sent in its query, form or headers; remove it.",
        "form_nesting": not _sends_nested_pairs(action) and "no nested value is sent in a query or form; remove it.",
        "read_only": _explain_read_only(action),
        "weight": _explain_weight(action),
        "server": action.is_raw and "a raw request goes below the base URL; remove it.",
        "idempotent": _explain_idempotent(action),
        "confirm": _explain_confirm(action),
        "subaccount": folder.manifest is not None
        and folder.manifest.is_valid
        and folder.manifest.model.subaccounts is None
        and "the manifest has no `subaccounts`; remove it.",
        "pagination": action.returns.type not in DATA_TYPES and f"a reply of type {action.returns.type} has no items.",
        "downloads": action.returns.type not in DATA_TYPES and f"a reply of type {action.returns.type} lists no files.",
    }
    for word, message in words.items():
        if message and word in action.model_fields_set and not file.has_invalid_key("inputs", "request", word):
            yield _fail((word,), message)
    for word in ("schema_", "columns", "max_bytes"):
        if word in action.returns.model_fields_set and action.returns.type not in _TYPES_BY_WORD[word]:
            message = f"a reply of type {action.returns.type} has no `{word.strip('_')}`; remove it."
            yield _fail(("returns", word.strip("_")), message)


_TYPES_BY_WORD = {"schema_": DATA_TYPES, "columns": DATA_TYPES, "max_bytes": (*DATA_TYPES, "text", "binary")}


def _explain_weight(action: Action) -> str:
    """Return why `weight` changes nothing; empty where it does."""
    if not action.rate_names:
        return "it has no `rate`; name one, or remove it."
    return "a call counts once anyway; remove it." if action.weight == 1 else ""


def _explain_content_type(action: Action) -> str:
    """Return why `content_type` changes nothing; empty where it does."""
    if not _sends_body(action):
        return "it sends no body; remove it."
    return "a multipart body has a boundary in its Content-Type; remove it." if action.body == "multipart" else ""


def _explain_read_only(action: Action) -> str:
    """Return why `read_only` changes nothing or is wrong; empty where it makes a POST a reading."""
    if not action.read_only:
        return "an action is no reading unless this is true; remove it."
    if action.method in SAFE_METHODS:
        return f"a {action.method} only reads anyway; remove it."
    return (
        ""
        if action.method == "POST"
        else f"a {action.method or 'raw request'} may write; remove it, or correct the method."
    )


def _explain_idempotent(action: Action) -> str:
    """Return why `idempotent` changes nothing; empty where it does."""
    reason, method = action.idempotent, action.method
    if method not in ("POST", "PATCH", "PUT", "DELETE"):
        return f"{method or 'a raw request'} takes no `idempotent`; remove it."
    if action.read_only:
        return "what only reads may be sent twice anyway; remove it."
    if reason is False and method in NON_IDEMPOTENT_METHODS:
        return f"a {method} is not repeated anyway; remove it."
    if reason and method in ("PUT", "DELETE"):
        return f"a {method} may be repeated anyway; remove it."
    return ""


def _name_method(action: Action) -> str:
    return f"a {action.method}{' that only reads' if action.read_only else ''}" if action.method else "a raw request"


def _explain_confirm(action: Action) -> str:
    """Return why `confirm` changes nothing; empty where it does: for a write that is no DELETE, or to spare one."""
    if action.method in SAFE_METHODS or action.read_only:
        return f"{_name_method(action)} changes nothing; remove it."
    if action.confirm is (action.method == "DELETE"):
        return f"a {action.method} {'is confirmed anyway' if action.confirm else 'is not confirmed'}; remove it."
    return ""


def _list_locations(action: Action) -> list[tuple[RequestLocation, str]]:
    """Return the location and type of each input, and of the constants, whose type is that of a list or mapping."""
    locations: list[tuple[RequestLocation, str]] = [
        (definition.location, definition.type) for definition in action.inputs.values()
    ]
    for to, value in action.constants.items():
        type_name = "list of string" if isinstance(value, list) else "json" if isinstance(value, dict) else "string"
        locations.append((RequestLocation.parse(to), type_name))
    return locations


def _is_pair(location: RequestLocation, action: Action) -> bool:
    """Whether a value is sent as pairs: in the query, a header or a form."""
    return location.part in _PAIR_PARTS or (location.part == "body" and action.body in _FORM_BODIES)


def _is_nesting(type_name: str) -> bool:
    """Whether values of a type have names within."""
    return type_name == "json" or type_name.startswith("map of ") or type_name in OBJECT_TYPES


def _sends_body(action: Action) -> bool:
    return action.is_raw or any(location.part in _BODY_PARTS for location, _ in _list_locations(action))


def _sends_lists(action: Action) -> bool:
    return any(
        _is_pair(location, action) and (type_name.startswith("list of ") or _is_nesting(type_name))
        for location, type_name in _list_locations(action)
    )


def _sends_nested_pairs(action: Action) -> bool:
    return any(
        _is_pair(location, action) and (len(location.path) > 1 or location.spread or _is_nesting(type_name))
        for location, type_name in _list_locations(action)
    )


def check_resource_words(file: ParsedFile[Manifest], _folder: ConnectorFolder) -> Iterator[Violation]:
    """Check that the words of a resource and of the sandbox have an effect."""
    for name, resource in file.model.resources.items():
        words = {
            "parent_id": "it has no `parent`; remove it." if resource.parent is None else "",
            "list_id": "it has no `list`; remove it." if resource.listing is None else "",
        }
        for word, message in words.items():
            if message and word in resource.model_fields_set:
                yield _fail(("resources", name, word), message)
    if file.model.sandbox.missing is not None and not file.model.resources:
        yield _fail(("sandbox", "missing"), "the sandbox keeps no `resources`; remove it.")
