"""Words of an action: those that its request and its reply make nothing of, and those that say what holds anyway."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.authoring.rules.no_effect.violation import build_violation
from connector.core.http_semantics import NON_IDEMPOTENT_METHODS
from connector.core.rate_limit import RateLimit
from connector.definition.action import DATA_TYPES, SAFE_METHODS
from connector.definition.fields import OBJECT_TYPES
from connector.definition.inputs.request_location import RequestLocation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connector.authoring.draft import ParsedFile, Violation
    from connector.authoring.folder_reader import ConnectorFolder
    from connector.definition.action import Action
    from connector.definition.manifest import Manifest

_PAIR_PARTS = ("query", "form", "header")
_BODY_PARTS = ("body", "form", "file")
_FORM_BODIES = ("form", "multipart")


def check_action_words(file: ParsedFile[Action], folder: ConnectorFolder) -> Iterator[Violation]:
    """Check that the words of an action have an effect on its request and its reply."""
    action = file.model
    words = {
        "body": not _sends_body(action) and "it sends no body; remove it.",
        "content_type": _explain_content_type(action),
        "lists": not _sends_lists(action) and "no list is sent in its query, form or headers; remove it.",
        "form_nesting": not _sends_nested_pairs(action) and "no nested value is sent in a query or form; remove it.",
        "read_only": _explain_read_only(action),
        "weight": _explain_weight(action, folder.manifest_or_blank),
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
            yield build_violation((word,), message)
    yield from check_returned_words(file, folder)


def check_returned_words(file: ParsedFile[Action], _folder: ConnectorFolder) -> Iterator[Violation]:
    """Check that what is said of a reply has an effect on replies of its type."""
    action = file.model
    for word in ("schema_", "columns", "max_bytes"):
        if word in action.returns.model_fields_set and action.returns.type not in _TYPES_BY_WORD[word]:
            message = f"a reply of type {action.returns.type} has no `{word.strip('_')}`; remove it."
            yield build_violation(("returns", word.strip("_")), message)


_TYPES_BY_WORD = {"schema_": DATA_TYPES, "columns": DATA_TYPES, "max_bytes": (*DATA_TYPES, "text", "binary")}


def _explain_weight(action: Action, manifest: Manifest) -> str:
    """Return why `weight` changes nothing; empty where it does."""
    if not action.rate_names:
        return "it has no `rate`; name one, or remove it."
    texts = [tiers[name] for tiers in manifest.rates.plans.values() for name in action.rate_names if name in tiers]
    texts += [manifest.rates.quotas[name].limit for name in action.rate_names if name in manifest.rates.quotas]
    rates = [RateLimit.parse(text) for text in texts]
    if rates and all(rate.at_once is not None and rate.is_gap_only and not rate.gap for rate in rates):
        return "its rates count requests at once, of which it is one; remove it."
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
