"""Rules of the places of connections: each exists for its kind and has one value; names in braces are inputs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.authoring.draft import Violation
from connector.authoring.rules.connections.kinds import list_sign_in_texts
from connector.core.auth.signing import find_main_input, find_main_place
from connector.core.http_semantics import BODY_METHODS
from connector.core.invalid_value import InvalidValue
from connector.core.url_policy import check_header
from connector.definition.connection_type import (
    BASIC_PLACES,
    OAUTH_KINDS,
    PLACEHOLDER,
    REQUEST_FIELDS,
    TLS_PLACES,
    URL_INPUTS,
    find_placeholders,
)
from connector.definition.json_path import PathSyntaxError, parse_path
from connector.definition.suggest import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from connector.authoring.draft import ParsedFile
    from connector.authoring.folder_reader import ConnectorFolder
    from connector.definition.action import Action
    from connector.definition.connection_type import ConnectionType
    from connector.definition.manifest import Manifest
    from connector.definition.parsers.strict_yaml import NodePath

RULE = "connection-places"
_KINDS_BY_PART = {
    "basic": ("basic",),
    "authorize": ("oauth2", "oauth2_device_code"),
    "token": (*OAUTH_KINDS, "jwt"),
}
_OWN_PARAMETERS = {
    "authorize": ("response_type", "client_id", "redirect_uri", "state", "code_challenge", "code_challenge_method"),
    "token": ("grant_type", "code", "redirect_uri", "code_verifier", "refresh_token", "client_id", "client_secret"),
}
_JWT_PARAMETERS = ("grant_type", "assertion")


def check_input_places(file: ParsedFile[Manifest], folder: ConnectorFolder) -> Iterator[Violation]:
    """Check that a place exists for its kind of connection and can hold what is given."""
    for name, connection_type in file.model.connections.items():
        for path, place in _iter_places(("connections", name), connection_type):
            message = _find_place_problem(connection_type, place, folder)
            if message:
                yield Violation(path, RULE, message, key=path[-2] == "constants")
        for key, field in connection_type.inputs.items():
            path = ("connections", name, "inputs", key)
            if field.scheme is not None and not (field.to or "").startswith("header."):
                message = "`scheme` stands before a value in a header; add `to: header.X`."
                yield Violation((*path, "scheme"), RULE, message, key=True)
            if field.secret and (field.to or "").startswith("authorize."):
                message = "a secret must not stand in the address that a browser opens."
                yield Violation((*path, "to"), RULE, message)
            if field.to in TLS_PLACES[1:] and not field.secret:
                yield Violation((*path, "type"), RULE, f"{field.to} is a secret, so it has to be of type password.")
            if field.to in TLS_PLACES[1:] and not any(
                item.to == TLS_PLACES[0] for item in connection_type.inputs.values()
            ):
                yield Violation((*path, "to"), RULE, f"{field.to} belongs to a certificate: add `to: {TLS_PLACES[0]}`.")


def check_unique_places(file: ParsedFile[Manifest], folder: ConnectorFolder) -> Iterator[Violation]:
    """Check that two values do not go to one place: of a connection, of constants, or of an action."""
    others = {_fold(place): "a constant of the manifest" for place in file.model.plain_constants}
    for file_of_action in folder.actions:
        for key, field in file_of_action.model.inputs.items():
            others.setdefault(_fold(field.to), f"the input {key!r} of {file_of_action.model.action}")
    for name, connection_type in file.model.connections.items():
        path: NodePath = ("connections", name)
        seen = dict(others)
        main_place = _fold(find_main_place(connection_type)[0])
        if connection_type.kind == "basic":
            seen["header.authorization"] = "the user name and password"
        elif connection_type.kind != "api_key" or find_main_input(connection_type) is not None:
            if connection_type.to is not None and main_place in seen:
                message = f"{connection_type.to} has {seen[main_place]} already."
                yield Violation((*path, "to"), RULE, message)
            seen[main_place] = "the token of the connection"
        for place_path, place in [*_iter_places(path, connection_type), *_iter_shared_places(file.model)]:
            folded = _fold(place)
            is_repeated = folded in seen and place_path != (*path, "to")
            if is_repeated and not place.startswith("path."):
                message = f"{place} has {seen[folded]} already."
                yield Violation(place_path, RULE, message, key="constants" in place_path)
            seen.setdefault(folded, "another value of the connection")


def check_templates(file: ParsedFile[Manifest], _folder: ConnectorFolder) -> Iterator[Violation]:
    """Check that every name in braces is an input: of its connection type, or of all types in shared constants."""
    manifest = file.model
    for place, value in manifest.constants.items():
        for name in find_placeholders(value):
            lacking = {key: item for key, item in manifest.connections.items() if item.find_input(name) is None}
            if lacking or not manifest.connections:
                whose, item = next(iter(lacking.items()), ("", None))
                subject = f"the connection {whose}" if item else "no connection"
                yield _unknown_name(("constants", place), name, (subject, item))
    for name, connection_type in manifest.connections.items():
        for path, text in _iter_texts(("connections", name), connection_type):
            for placeholder in dict.fromkeys(text):
                if connection_type.find_input(placeholder) is None:
                    yield _unknown_name(path, placeholder, (f"the connection {name}", connection_type))


def check_variables(file: ParsedFile[Manifest], _folder: ConnectorFolder) -> Iterator[Violation]:
    """Check that no two inputs share an environment variable, or a spelling."""
    seen: dict[str, str] = {}
    for name, connection_type in file.model.connections.items():
        for key in connection_type.inputs:
            variable = file.model.environment_variable(key)
            if seen.setdefault(variable, key) != key:
                message = f"{key!r} and {seen[variable]!r} would both be read from {variable}; rename one."
                yield Violation(("connections", name, "inputs", key), RULE, message, key=True)


def check_action_constants(file: ParsedFile[Action], _folder: ConnectorFolder) -> Iterator[Violation]:
    """Check that the constants of an action have no names in braces, which would be sent as they are."""
    for place, value in file.model.constants.items():
        for name in find_placeholders(value):
            message = (
                f"{{{name}}} would be sent as it is: a value of the call needs an input with `to: {place}`, "
                "and one of the connection its own `to` in the manifest."
            )
            yield Violation(("constants", place), RULE, message)


def _find_place_problem(connection_type: ConnectionType, place: str, folder: ConnectorFolder) -> str:
    """Return why a place cannot be used, or an empty text."""
    part, _, name = place.partition(".")
    kinds = _KINDS_BY_PART.get(part)
    if kinds is not None and connection_type.kind not in kinds:
        return f"{place} is for {', '.join(kinds)}, not for {connection_type.kind}."
    own_parameters = _JWT_PARAMETERS if connection_type.kind == "jwt" else _OWN_PARAMETERS.get(part, ())
    if part in _OWN_PARAMETERS and name in own_parameters:
        return f"{name} has a value of its own in this request; choose another name."
    if part == "basic" and place not in BASIC_PLACES:
        return f"expected {' or '.join(BASIC_PLACES)}."
    if part == "header" and name.lower() != "authorization":
        try:
            check_header(name, "")
        except InvalidValue as invalid:
            return f"{place} cannot be used: {invalid.fix}."
    if part == "body":
        try:
            parse_path(name)
        except PathSyntaxError as error:
            return f"{error}."
        methods = {file.model.method for file in folder.actions if not file.model.is_raw}
        if methods and not methods & set(BODY_METHODS):
            return "no action sends a body, so this would go nowhere."
    return ""


def _iter_places(path: NodePath, connection_type: ConnectionType) -> Iterator[tuple[NodePath, str]]:
    """Yield the places that a connection type names, and where it names them."""
    if connection_type.to is not None:
        yield (*path, "to"), connection_type.to
    for key, field in connection_type.inputs.items():
        if field.to is not None:
            yield (*path, "inputs", key, "to"), field.to
    for place in connection_type.constants:
        yield (*path, "constants", place), place
    for word in ("authorize", "token"):
        is_read = connection_type.kind in _KINDS_BY_PART[word]  # else another rule reports the whole word
        for name in getattr(connection_type, f"{word}_params") if is_read else ():
            yield (*path, f"{word}_params", name), f"{word}.{name}"


def _iter_shared_places(manifest: Manifest) -> Iterator[tuple[NodePath, str]]:
    for place in manifest.filled_constants:
        yield ("constants", place), place


def _iter_texts(path: NodePath, connection_type: ConnectionType) -> Iterator[tuple[NodePath, Iterable[str]]]:
    """Yield where a connection type has a text that is filled in, and the names in its braces."""
    for word, key in URL_INPUTS.items():
        field = connection_type.inputs.get(key)
        if getattr(connection_type, word) is not None:
            yield (*path, word), PLACEHOLDER.findall(getattr(connection_type, word))
        if field is not None and isinstance(field.default, str):
            yield (*path, "inputs", key, "default"), PLACEHOLDER.findall(field.default)
    if connection_type.issuer is not None:
        yield (*path, "issuer"), PLACEHOLDER.findall(connection_type.issuer)
    for word in ("constants", "authorize_params", "token_params"):
        for name, text in getattr(connection_type, word).items():
            yield (*path, word, name), find_placeholders(text)
    for inside, text in list_sign_in_texts(connection_type).items():
        names = PLACEHOLDER.findall(text) if inside[0] == "signature" else find_placeholders(text)
        known = REQUEST_FIELDS if inside[0] == "signature" else ()
        yield (*path, *inside), [name for name in names if name not in known]


def _unknown_name(path: NodePath, name: str, owner: tuple[str, ConnectionType | None]) -> Violation:
    subject, connection_type = owner
    hint = did_you_mean(name, connection_type.inputs) if connection_type else ""
    message = f"{subject} has no input {name!r}, so {{{name}}} would be sent as it is.{hint}"
    return Violation(path, RULE, message)


def _fold(place: str) -> str:
    """Return a place as it is compared: the names of headers have no case."""
    return place.lower() if place.startswith("header.") else place
