"""Rules of where values go: the request line, `to` and `constants`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple, get_args

from connector.authoring.draft import Violation
from connector.core.invalid_value import InvalidValue
from connector.core.json_path import has_position
from connector.core.request.idempotency import takes_key
from connector.core.url_policy import check_header
from connector.definition.fields import OBJECT_TYPES, InputType
from connector.definition.inputs.request_location import LATER_PARTS, RequestLocation
from connector.definition.suggest import closest, did_you_mean
from connector.first_use import prepare_pattern

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connector.authoring.draft import ParsedFile
    from connector.authoring.folder_reader import ConnectorFolder
    from connector.definition.action import Action
    from connector.definition.manifest import Manifest
    from connector.definition.parsers.strict_yaml import NodePath

REQUEST_PARTS = ("path", "query", "header", "form", "file", "body")
RAW_LOCATIONS = (
    "raw.method", "raw.path", "raw.query", "raw.headers", "raw.body", "raw.form", "raw.file", "raw.file_name",
    "raw.reply", "retry.max", "retry.delay_ms", "retry.backoff", "retry.all", "timeout.attempt_ms",
)  # fmt: skip
_OBJECT_PARTS = ("query", "form", "body")
_BODY_PARTS = ("body", "form", "file")
_MAP_TYPES = tuple(name for name in get_args(InputType) if name.startswith("map of "))
_SPREAD_TYPES = ("json", *_MAP_TYPES)
_NESTED_TYPES = (*OBJECT_TYPES, *_MAP_TYPES)
_BODYLESS_METHODS = ("GET", "HEAD", "DELETE")
_PATH_PATTERN = prepare_pattern(r"(/([A-Za-z0-9\-._~!$&'()*+,;=:@]|%[0-9A-Fa-f]{2}|\{[A-Za-z][A-Za-z0-9_]*\})+)*/?\Z")


class UsedLocation(NamedTuple):
    """A location that is used, its owner, and the path in the file."""

    location: RequestLocation
    owner: str
    path: NodePath


def list_used_locations(file: ParsedFile[Action]) -> list[UsedLocation]:
    """Return the locations of an action's constants and inputs, in the order of the file."""
    used = [
        UsedLocation(RequestLocation.parse(to), f"constants {to}", ("constants", to)) for to in file.model.constants
    ]
    for key, field in file.model.inputs.items():
        used.append(UsedLocation(field.location, key, ("inputs", key, "to")))
        used += [
            UsedLocation(RequestLocation.parse(to), f"{key} adds {to}", ("inputs", key, "adds", to))
            for to in field.adds
        ]
    facts = file.model.upload.facts if file.model.upload is not None else {}
    used += [UsedLocation(RequestLocation.parse(to), f"upload.{word}", ("upload", word)) for word, to in facts.items()]
    return used


def check_known_location(file: ParsedFile[Action], _folder: ConnectorFolder) -> Iterator[Violation]:
    """Check that values go to locations that requests have."""
    for used in list_used_locations(file):
        is_key = used.path[-1] != "to" and used.path[0] != "upload"
        if used.location.part in LATER_PARTS and not is_key:  # of uploads and jobs, which have rules of their own
            continue
        for message in _find_location_problems(file.model, used):
            yield Violation(used.path, "place", message, key=is_key)


def _find_location_problems(action: Action, used: UsedLocation) -> Iterator[str]:
    location, text = used.location, str(used.location)
    if action.is_raw:
        if text not in RAW_LOCATIONS:
            yield f"a raw request has no location {text!r}.{did_you_mean(text, RAW_LOCATIONS)}"
        return
    if location.part not in REQUEST_PARTS:
        in_part = f" Say the part first: query.{location.part} or body.{location.part}."
        hint = did_you_mean(location.part, REQUEST_PARTS) if location.path else in_part
        known = ", ".join((*REQUEST_PARTS, *LATER_PARTS))
        yield f"requests have no part {location.part!r}.{hint} Known: {known}."
    elif location.part == "path" and used.path[-1] != "to":
        yield "a constant of the path belongs in the request line."
    elif _find_type(action, used.owner) == "file" and not _takes_file(action, location):
        yield "a file goes to file.x with `body: multipart`, or is the whole `body` of type text or binary."
    elif location.part not in _OBJECT_PARTS and _find_type(action, used.owner) in _NESTED_TYPES:
        kind = "an object" if _find_type(action, used.owner) in OBJECT_TYPES else "a mapping"
        yield f"{kind} goes to {', '.join(_OBJECT_PARTS[:-1])} or {_OBJECT_PARTS[-1]}, not to the {location.part}."
    elif any("*" in name for name in location.path) and _find_type(action, used.owner) in (*_NESTED_TYPES, "json"):
        name = next(name for name in location.path if "*" in name)
        merged = f"a mapping is merged at {location.part}.*, with nothing beside the star"
        yield f"{merged}: entries would be sent below the name {name!r}."
    elif location.part not in ("body", "form") and (not location.path or location.spread):
        yield f"name the {location.part}: {location.part}.name"
    elif location.part == "header":
        yield from find_header_problems(location)
    elif location.part == "path" and len(location.path) > 1:
        yield "a path value must have one name, without dots."
    elif location.spread and _find_type(action, used.owner) not in _SPREAD_TYPES:
        yield "only type json or a map can be spread."
    else:
        yield from _find_body_problems(action, location)


def _find_type(action: Action, owner: str) -> str | None:
    """Return the type of the input that owns a location, or None for a constant."""
    return action.inputs[owner].type if owner in action.inputs else None


def _takes_file(action: Action, location: RequestLocation) -> bool:
    """Whether the bytes of a file can be sent at a place."""
    return location.part == "file" or (location == RequestLocation("body") and action.body in ("text", "binary"))


def find_header_problems(location: RequestLocation) -> Iterator[str]:
    """Yield why a header cannot be set: its name is none, or it has a value of its own."""
    try:
        check_header(".".join(location.path), "")
    except InvalidValue as invalid:
        yield f"{location} cannot be used: {invalid.fix}."


def _find_body_problems(action: Action, location: RequestLocation) -> Iterator[str]:
    if location.part == "file" and action.body != "multipart":
        yield "files need `body: multipart`."
    elif location.part == "form" and action.body not in ("form", "multipart"):
        yield "form fields need `body: form` or `body: multipart`."
    elif location.part == "body" and location.path and action.body in ("text", "binary"):
        yield f"`body: {action.body}` has no fields; use `to: body`."
    elif location.part == "body" and action.body == "json" and location.path[:1] and location.path[0].isdigit():
        yield "a body that is a list is given whole: `to: body`."


def check_unique_location(file: ParsedFile[Action], folder: ConnectorFolder) -> Iterator[Violation]:
    """Check that no location is used twice or inside another; spreads may overlap, and what is never sent together."""
    used_locations = list_used_locations(file)
    idempotency = folder.manifest_or_blank.idempotency
    key_place = idempotency.location if idempotency is not None and takes_key(file.model, idempotency) else None
    constant_locations = [RequestLocation.parse(to) for to in folder.manifest_or_blank.constants]
    for number, used in enumerate(used_locations):
        for other in used_locations[:number]:
            if has_overlap(used.location, other.location) and not _exclude_each_other(file.model, used, other):
                owner = f"{other.owner} at line {file.find_line(other.path)}"
                yield Violation(used.path, "one-place", f"{used.location} is used by {owner}.")
                break
        yield from find_mixed_places(used, used_locations[:number])
        if any(has_overlap(used.location, location) for location in constant_locations):
            yield Violation(used.path, "one-place", f"{used.location} is a constant of the manifest.")
        if key_place is not None and has_overlap(used.location, key_place):
            yield Violation(used.path, "one-place", f"{used.location} is where `idempotency` puts its key.")


def _exclude_each_other(action: Action, one: UsedLocation, other: UsedLocation) -> bool:
    """Whether one place is within the other, and they are of inputs that conflict with each other."""
    if one.location.path == other.location.path:
        return False
    keys = [used.path[1] for used in (one, other) if used.path[0] == "inputs"]
    fields = [action.inputs[str(key)] for key in keys]
    return len(keys) == len((one, other)) and all(
        key in field.conflicting_inputs for key, field in zip(keys, reversed(fields), strict=True)
    )


def find_mixed_places(used: UsedLocation, others: list[UsedLocation]) -> Iterator[Violation]:
    """Report a name where another place has a number: one makes an object, the other a list."""
    for other in others:
        left, right = _list_names(used.location), _list_names(other.location)
        depth = next((depth for depth, pair in enumerate(zip(left, right, strict=False)) if pair[0] != pair[1]), None)
        if depth is None:
            continue
        if has_position((left[depth],)) != has_position((right[depth],)):
            message = f"{used.owner} and {other.owner} make an object and a list of the same."
            yield Violation(used.path, "one-place", message, key=used.path[-1] != "to")
            return


def _list_names(location: RequestLocation) -> tuple[str, ...]:
    """Return part and names of a place in a body or form, and a name for what is spread; nothing for other parts."""
    if location.part not in ("body", "form"):
        return ()
    return ("body", *location.path, *(("*",) if location.spread else ()))


def has_overlap(left: RequestLocation, right: RequestLocation) -> bool:
    """Whether one place is the other, or within it."""
    if left.spread or right.spread or left.part == "then":
        return left == right and left.part != "then"
    nested = {part: "body" if part == "form" else part for part in (left.part, right.part)}
    if nested[left.part] != nested[right.part]:
        return False
    if nested[left.part] != "body":
        return _fold_names(left) == _fold_names(right)
    depth = min(len(left.path), len(right.path))
    return left.path[:depth] == right.path[:depth]


def _fold_names(location: RequestLocation) -> tuple[str, ...]:
    return tuple(name.lower() for name in location.path) if location.part == "header" else location.path


def check_path(file: ParsedFile[Action], _folder: ConnectorFolder) -> Iterator[Violation]:
    """Check that names in braces and required inputs of the path match."""
    action = file.model
    if file.has_invalid_key("inputs", "request"):
        return
    owners = {field.location.path[0]: key for key, field in action.inputs.items() if _is_path_name(field.location)}
    unmatched = {name: key for name, key in owners.items() if name not in action.path_names}
    for name in dict.fromkeys(action.path_names):
        if name not in owners:
            hint = _pop_likely_input(file, name, unmatched)
            shift = action.request.index(f"{{{name}}}")
            yield Violation(("request",), "path-complete", f"{{{name}}} has no input.{hint}", shift=shift)
    for name, key in unmatched.items():
        message = f"the request at line {file.find_line(('request',))} has no {{{name}}}."
        yield Violation(("inputs", key, "to"), "path-complete", message)
    for key in owners.values():
        if not action.inputs[key].required and not action.inputs[key].has_default:
            yield Violation(("inputs", key), "path-complete", f"{key} is part of the path; make it required.", key=True)


def _pop_likely_input(file: ParsedFile[Action], name: str, unmatched: dict[str, str]) -> str:
    """Remove the input that a name in braces may mean from `unmatched`, and return a hint at it."""
    match = next((other for other in unmatched if other.lower() == name.lower()), closest(name, unmatched))
    if match is None:
        return ""
    key = unmatched.pop(match)
    return f" {key} at line {file.find_line(('inputs', key))} goes to path.{match}."


def _is_path_name(location: RequestLocation) -> bool:
    return location.part == "path" and len(location.path) == 1


def check_request_path(file: ParsedFile[Action], _folder: ConnectorFolder) -> Iterator[Violation]:
    """Check that the path stays below the base URL and is written as it is sent."""
    path = file.model.path
    if file.model.is_raw:
        return
    if "?" in path or "#" in path:
        yield Violation(("request",), "request-path", "a path has no query; use `to: query.x` or `constants`.")
    elif any(part in (".", "..") for part in path.split("/")):
        yield Violation(
            ("request",), "request-path", "a path must not have . or .. segments, so that it stays below the base URL."
        )
    elif not _PATH_PATTERN.match(path) and path != "/":
        message = "expected encoded segments, with names in braces: /users/{userId}"
        yield Violation(("request",), "request-path", message)


def check_content_type(file: ParsedFile[Action], _folder: ConnectorFolder) -> Iterator[Violation]:
    """Check that nothing but `content_type` sets the Content-Type of a body, and that it is of UTF-8."""
    message = "the body has a Content-Type already; use `content_type` beside `body`."
    for used in list_used_locations(file):
        if used.location.part == "header" and _fold_names(used.location) == ("content-type",):
            yield Violation(used.path, "content-type", message, key=used.path[-1] != "to")
    charset = re.search(r"charset=\"?([^\s;\"]+)", file.model.content_type or "", re.IGNORECASE)
    if charset and charset[1].lower() not in ("utf-8", "us-ascii"):
        yield Violation(("content_type",), "content-type", f"bodies are sent in UTF-8, not in {charset[1]}.")


def check_shared_content_type(file: ParsedFile[Manifest], _folder: ConnectorFolder) -> Iterator[Violation]:
    """Check that no constant of all requests is their Content-Type."""
    for to in file.model.constants:
        if to.lower() == "header.content-type":
            message = "each body has its own Content-Type; use `content_type` in the actions."
            yield Violation(("constants", to), "content-type", message, key=True)


def check_bodyless_method(file: ParsedFile[Action], _folder: ConnectorFolder) -> Iterator[Violation]:
    """Check that GET, HEAD and DELETE have no body (RFC 9110, 9.3), but a DELETE whose author says so."""
    action = file.model
    if action.method not in _BODYLESS_METHODS or (action.method == "DELETE" and "body" in action.model_fields_set):
        return
    exception = ", or write `body: json` if the service takes one" if action.method == "DELETE" else ""
    message = f"{action.method} has no body; send the value in the query{exception}."
    for used in list_used_locations(file):
        if used.location.part in _BODY_PARTS:
            yield Violation(used.path, "body-on-get", message, key=used.path[-1] != "to")
    for word in ("cursor_param", "size_param"):
        if action.pagination and (getattr(action.pagination, word) or "").startswith("body"):
            yield Violation(("pagination", word), "body-on-get", message)
