"""Rules of how a connection signs: the action of a session, the signature of requests, the claims of a JWT."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.authoring.draft import Violation
from connector.core.auth.request_signing import DIGEST_FIELD
from connector.core.json_path import get_at_path
from connector.definition.connection_type import PLACEHOLDER
from connector.definition.suggest import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connector.authoring.draft import ParsedFile
    from connector.authoring.folder_reader import ConnectorFolder
    from connector.definition.action import Action
    from connector.definition.connection_type import ConnectionType, Login
    from connector.definition.manifest import Manifest
    from connector.definition.parsers.strict_yaml import NodePath

_LOGIN_RULE, _SIGNATURE_RULE, _CLAIMS_RULE = "login", "signature", "claims"
_OWN_CLAIMS = ("iat", "exp")


def check_logins(file: ParsedFile[Manifest], folder: ConnectorFolder) -> Iterator[Violation]:
    """Check that the action that signs in exists, gets what it requires, and has the token in its reply."""
    actions = {action_file.model.action: action_file.model for action_file in folder.actions}
    for name, connection_type in file.model.connections.items():
        if connection_type.kind == "session" and connection_type.login is not None:
            path: NodePath = ("connections", name, "login")
            yield from _check_login(path, connection_type, connection_type.login, actions)


def _check_login(
    path: NodePath, connection_type: ConnectionType, login: Login, actions: dict[str, Action]
) -> Iterator[Violation]:
    action = actions.get(login.action)
    if action is None or action.is_raw:
        message = f"there is no action {login.action!r} that signs in.{did_you_mean(login.action, actions)}"
        yield Violation((*path, "action"), _LOGIN_RULE, message)
        return
    required = [key for key, field in action.inputs.items() if field.required]
    lacking = [key for key in required if key not in connection_type.inputs]
    if lacking:
        message = f"{login.action} requires {', '.join(lacking)}, which the connection does not ask for."
        yield Violation((*path, "action"), _LOGIN_RULE, message)
    for key, field in connection_type.inputs.items():
        if field.secret and key in action.inputs and not action.inputs[key].secret:
            message = f"{key} is a secret here, so it has to be of type password in {login.action} too."
            yield Violation((*path, "action"), _LOGIN_RULE, message)
    example, is_in_header = action.returns.example, login.token.startswith("header.")
    if example is not None and not is_in_header and get_at_path(example, login.token) is None:
        message = f"the example of {login.action} has nothing at {login.token}."
        yield Violation((*path, "token"), _LOGIN_RULE, message)


def check_signatures(file: ParsedFile[Manifest], _folder: ConnectorFolder) -> Iterator[Violation]:
    """Check that a signature is written in one known form, and that its payload has something of the request."""
    for name, connection_type in file.model.connections.items():
        signature, path = connection_type.signature, ("connections", name, "signature")
        if connection_type.kind != "signed" or signature is None:
            continue
        if len(DIGEST_FIELD.findall(signature.format)) != 1 or len(PLACEHOLDER.findall(signature.format)) != 1:
            message = f"expected {{hex}} or {{base64}}, once, in {signature.format!r}."
            yield Violation((*path, "format"), _SIGNATURE_RULE, message)
        names = PLACEHOLDER.findall(signature.payload)
        if not names:
            message = "the same text would be signed each time: name parts of the request, such as {target} and {body}."
            yield Violation((*path, "payload"), _SIGNATURE_RULE, message)
        is_timed = "timestamp" in names
        if is_timed and signature.timestamp is None:
            message = "{timestamp} is signed and sent nowhere: add `timestamp: {to: header.X}`."
            yield Violation((*path, "payload"), _SIGNATURE_RULE, message)
        if signature.timestamp is not None and signature.timestamp.to == signature.to:
            yield Violation((*path, "timestamp"), _SIGNATURE_RULE, f"{signature.to} has the signature already.")


def check_claims(file: ParsedFile[Manifest], _folder: ConnectorFolder) -> Iterator[Violation]:
    """Check that claims leave the times of a JWT to its lifetime."""
    for name, connection_type in file.model.connections.items():
        for claim in connection_type.claims if connection_type.kind == "jwt" else ():
            if claim in _OWN_CLAIMS:
                message = f"{claim} is added to each JWT; say how long it is valid with `lifetime`."
                yield Violation(("connections", name, "claims", claim), _CLAIMS_RULE, message, key=True)
