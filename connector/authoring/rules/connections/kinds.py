"""Rules of connection types: the words that their kind reads, the inputs that it needs, and none that goes nowhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.authoring.draft import Violation
from connector.core.auth.signing import find_main_input
from connector.definition.connection_type import (
    BASIC_PLACES,
    CLOUD_INPUT,
    OAUTH_KINDS,
    PLACEHOLDER,
    URL_INPUTS,
    find_placeholders,
)
from connector.definition.suggest import closest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connector.authoring.draft import ParsedFile
    from connector.authoring.folder_reader import ConnectorFolder
    from connector.definition.connection_type import ConnectionType
    from connector.definition.manifest import Manifest
    from connector.definition.parsers.strict_yaml import NodePath

RULE = "connection-inputs"
_SECRET_KINDS = ("bearer", "api_key", "basic", "jwt", "signed")
_NEEDED_INPUTS = {
    "oauth2": ("authorizeUrl", "tokenUrl", "clientId"),
    "oauth2_device_code": ("deviceAuthorizationUrl", "tokenUrl", "clientId"),
    "oauth2_account_credentials": ("tokenUrl", "accountId", "clientId", "clientSecret"),
    "oauth2_client_credentials": ("tokenUrl", "clientId", "clientSecret"),
    "oauth1": ("consumerKey", "consumerSecret"),
}
_NEEDED_WORDS = {"jwt": "claims", "session": "login", "signed": "signature"}
_OTHER_INPUTS = {
    "oauth2": ("revokeUrl", "scopes", "clientSecret"),
    "oauth2_device_code": ("revokeUrl", "scopes", "clientSecret"),
    "oauth2_account_credentials": ("revokeUrl",),
    "oauth2_client_credentials": ("revokeUrl", "scopes"),
    "jwt": ("tokenUrl",),
    "oauth1": ("accessToken", "accessTokenSecret"),
}
_EXCHANGE_WORDS = ("token_params", "token_body", "scope_separator", "token_field", "base_url_from")
_URL_SETTINGS = {name: word for word, name in URL_INPUTS.items()}
_WORDS_OF_KINDS = {
    **dict.fromkeys(("authorize_url", "pkce"), ("oauth2",)),
    "authorize_params": ("oauth2", "oauth2_device_code"),
    "device_authorization_url": ("oauth2_device_code",),
    **dict.fromkeys(
        ("issuer", "token_url", "token_params", "token_body", "scope_separator", "token_field", "base_url_from"),
        (*OAUTH_KINDS, "jwt"),
    ),
    **dict.fromkeys(("revoke_url", "client_auth"), OAUTH_KINDS),
    **dict.fromkeys(("to", "scheme"), (*OAUTH_KINDS, "jwt", "session", "bearer", "api_key")),
    **dict.fromkeys(("algorithm", "claims", "key_id", "lifetime"), ("jwt",)),
    **dict.fromkeys(("signature_method", "realm"), ("oauth1",)),
    "login": ("session",),
    "signature": ("signed",),
}  # fmt: skip


def list_kinds_with(word: str) -> tuple[str, ...]:
    """Return the kinds that read a word."""
    return _WORDS_OF_KINDS[word]


def check_kind_words(file: ParsedFile[Manifest], _folder: ConnectorFolder) -> Iterator[Violation]:
    """Check that a connection type has no word that its kind does not read."""
    for name, connection_type in file.model.connections.items():
        path: NodePath = ("connections", name)
        for word, kinds in _WORDS_OF_KINDS.items():
            if word not in connection_type.model_fields_set:
                continue
            if connection_type.kind not in kinds:
                message = f"`{word}` is for {_name_kinds(kinds)}, not for {connection_type.kind}."
                yield Violation((*path, word), RULE, message, key=True)
            elif connection_type.kind == "jwt" and word in _EXCHANGE_WORDS and not connection_type.is_exchanged:
                message = f"`{word}` is for a JWT that is exchanged; add `token_url`."
                yield Violation((*path, word), RULE, message, key=True)
            elif (
                word == "issuer"
                and connection_type.kind != "jwt"
                and not _find_missing(connection_type, asks_issuer=False)
            ):
                message = "every address is said, so that nothing is asked of the issuer."
                yield Violation((*path, word), RULE, message, key=True)
            elif word == "scheme" and connection_type.to and not connection_type.to.startswith("header."):
                yield Violation((*path, word), RULE, "`scheme` stands before a value in a header alone.", key=True)
            elif URL_INPUTS.get(word) in connection_type.inputs:
                message = f"the input {URL_INPUTS[word]!r} says this; keep one of the two."
                yield Violation((*path, word), RULE, message, key=True)


def check_needed_inputs(file: ParsedFile[Manifest], _folder: ConnectorFolder) -> Iterator[Violation]:
    """Check that a connection type has what its kind needs; one finding names all that is missing."""
    for name, connection_type in file.model.connections.items():
        path: NodePath = ("connections", name)
        inside: NodePath = (*path, "inputs") if "inputs" in connection_type.model_fields_set else path
        missing = _find_missing(connection_type)
        if missing:
            names = [
                f"{key!r} (or the word `{_URL_SETTINGS[key]}`)" if key in _URL_SETTINGS else repr(key)
                for key in missing
            ]
            noun = "input" if len(missing) == 1 else "inputs"
            yield Violation(inside, RULE, f"{connection_type.kind} needs the {noun} {_join(names)}.", key=True)
        word = _NEEDED_WORDS.get(connection_type.kind)
        if word is not None and word not in connection_type.model_fields_set:
            yield Violation((*path, "kind"), RULE, f"{connection_type.kind} needs the word `{word}`.", key=True)
        has_secret = any(field.secret for field in connection_type.inputs.values())
        if connection_type.kind in _SECRET_KINDS and not has_secret:
            yield Violation(inside, RULE, f"{connection_type.kind} needs an input of type password.", key=True)
            continue
        places = [*(field.to for field in connection_type.inputs.values() if field.to), *connection_type.constants]
        if connection_type.kind == "basic" and not set(places) & set(BASIC_PLACES):
            message = (
                "say which input is the user name and which the password: `to: basic.username`, `to: basic.password`."
            )
            yield Violation(inside, RULE, message, key=True)
        is_sent = connection_type.to or connection_type.has_request_place(file.model.base_url)
        if connection_type.kind == "api_key" and not is_sent:
            message = "say where the key goes: `to: header.X` or `to: query.x`."
            yield Violation((*path, "kind"), RULE, message, key=True)


def check_used_inputs(file: ParsedFile[Manifest], folder: ConnectorFolder) -> Iterator[Violation]:
    """Check that every input of a connection type goes somewhere; what is asked for and never sent misleads."""
    manifest = file.model
    shared = set(_iter_shared_names(manifest))
    for name, connection_type in manifest.connections.items():
        if _is_undecided(connection_type, manifest.base_url):
            continue  # one finding says that no input has a place
        taken = {*_NEEDED_INPUTS.get(connection_type.kind, ()), *_OTHER_INPUTS.get(connection_type.kind, ())}
        login_inputs = find_login_inputs(connection_type, folder)
        if connection_type.login is not None and not login_inputs:
            continue  # another rule tells that the action is missing
        taken |= login_inputs
        used = {*taken, find_main_input(connection_type), CLOUD_INPUT if manifest.clouds else None}
        named = {*shared, *_iter_own_names(connection_type)}
        missing = _find_missing(connection_type)
        for key, field in connection_type.inputs.items():
            is_named = key in named or not named.isdisjoint(field.placeholders)
            has_place = field.to is not None and not field.to.startswith("path.")
            if key in used or has_place or is_named:
                continue
            path = ("connections", name, "inputs", key)
            meant = closest(key, missing) or closest(key, sorted(taken - set(connection_type.inputs)))
            if field.to is not None:
                message = f"no URL has {{{field.placeholders[0]}}} in it."
                yield Violation((*path, "to"), RULE, message)
            elif meant:
                message = f"{connection_type.kind} does not take the input {key!r}. Did you mean {meant!r}?"
                yield Violation(path, RULE, message, key=True)
            else:
                message = f"{key!r} is asked for and goes nowhere: add `to`, such as `to: header.X-Name`, or remove it."
                yield Violation(path, RULE, message, key=True)


def _find_missing(connection_type: ConnectionType, *, asks_issuer: bool = True) -> list[str]:
    """Return the inputs that a kind needs and that neither an input nor a word says."""
    return [
        key
        for key in _NEEDED_INPUTS.get(connection_type.kind, ())
        if key not in connection_type.inputs
        and (key not in _URL_SETTINGS or getattr(connection_type, _URL_SETTINGS[key]) is None)
        and not (key in _URL_SETTINGS and asks_issuer and connection_type.issuer is not None)
    ]


def _is_undecided(connection_type: ConnectionType, base_url: str) -> bool:
    """Whether a type has no secret, or names no place at all, which another rule reports."""
    if connection_type.kind in _SECRET_KINDS and not any(field.secret for field in connection_type.inputs.values()):
        return True
    has_place = bool(connection_type.to or connection_type.constants)
    has_place = has_place or any(field.to for field in connection_type.inputs.values())
    if connection_type.kind == "api_key":
        return not has_place and not connection_type.has_request_place(base_url)
    return connection_type.kind == "basic" and not has_place


def _iter_shared_names(manifest: Manifest) -> Iterator[str]:
    """Yield the names of inputs in the texts that all connection types share."""
    texts = [*manifest.base_urls, *manifest.allowed_hosts]
    for cloud in manifest.clouds.values():
        urls = (cloud.base_url, *(getattr(cloud, word) for word in URL_INPUTS), *cloud.servers.values())
        texts += [*cloud.allowed_hosts, *filter(None, urls)]
    for text in texts:
        yield from PLACEHOLDER.findall(text)
    for value in manifest.constants.values():
        yield from find_placeholders(value)
    for place in (manifest.rates.account or "", *(quota.by for quota in manifest.rates.quotas.values())):
        part, _, key = place.partition(".")
        if part == "connection":
            yield key


def _iter_own_names(connection_type: ConnectionType) -> Iterator[str]:
    """Yield the names of inputs in the URLs and texts of a connection type."""
    for word, key in URL_INPUTS.items():
        field = connection_type.inputs.get(key)
        for url in (getattr(connection_type, word), field.default if field else None):
            yield from PLACEHOLDER.findall(url) if isinstance(url, str) else ()
    yield from PLACEHOLDER.findall(connection_type.issuer or "")
    for texts in (connection_type.constants, connection_type.token_params, connection_type.authorize_params):
        for text in texts.values():
            yield from find_placeholders(text)
    for text in list_sign_in_texts(connection_type).values():
        yield from PLACEHOLDER.findall(text)


def find_login_inputs(connection_type: ConnectionType, folder: ConnectorFolder) -> set[str]:
    """Return the inputs of the action that signs in."""
    login = connection_type.login
    actions = (file.model for file in folder.actions if login is not None and file.model.action == login.action)
    return {key for action in actions for key in action.inputs}


def list_sign_in_texts(connection_type: ConnectionType) -> dict[NodePath, str]:
    """Return the texts with names in braces of how a type signs, by their place in it."""
    texts: dict[NodePath, str] = {}
    if connection_type.signature is not None:
        texts["signature", "payload"] = connection_type.signature.payload
    if connection_type.key_id is not None:
        texts[("key_id",)] = connection_type.key_id
    if connection_type.realm is not None:
        texts[("realm",)] = connection_type.realm
    pending: list[tuple[NodePath, object]] = [(("claims", name), item) for name, item in connection_type.claims.items()]
    while pending:
        path, item = pending.pop(0)
        if isinstance(item, dict):
            pending += [((*path, name), member) for name, member in item.items()]
        elif isinstance(item, list):
            pending += [((*path, index), member) for index, member in enumerate(item)]
        elif isinstance(item, str):
            texts[path] = item
    return texts


def _name_kinds(kinds: tuple[str, ...]) -> str:
    others = [kind for kind in kinds if kind not in OAUTH_KINDS]
    return ", ".join(["OAuth", *others] if len(others) < len(kinds) else others)


def _join(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
