"""Rules of the manifest: hosts, connections, errors, rates and redaction."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from connector.authoring.draft import Violation
from connector.core.invalid_value import InvalidValue
from connector.core.linear_regex import LinearRegex
from connector.core.url_policy import may_receive_credentials
from connector.definition.suggest import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connector.authoring.draft import ParsedFile
    from connector.authoring.folder_reader import ConnectorFolder
    from connector.definition.manifest import Manifest
    from connector.definition.parsers.strict_yaml import NodePath

_HOST_PATTERN = re.compile(r"(\*\.)?([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z]([a-z0-9-]*[a-z0-9])?\Z")
_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
_LIMIT_REGEX = r"[1-9][0-9]*/(([1-9][0-9]*)?(s|min|h)|day)"
_RATE_PATTERN = re.compile(rf"{_LIMIT_REGEX}( {_LIMIT_REGEX})*\Z", re.ASCII)
_TIME_OF_DAY = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]Z\Z")
_REQUIRED_INPUTS = {
    "oauth2": ("authorizeUrl", "tokenUrl", "clientId"),
    "oauth2_account_credentials": ("tokenUrl", "accountId", "clientId", "clientSecret"),
    "oauth2_client_credentials": ("tokenUrl", "clientId", "clientSecret"),
    "jwt_hs256": ("apiKey", "apiSecret"),
}


def check_allowed_hosts(file: ParsedFile[Manifest], _folder: ConnectorFolder) -> Iterator[Violation]:
    """Check that `allowed_hosts` are host names, and that the base URL is at one of them."""
    manifest = file.model
    if not manifest.allowed_hosts:
        yield Violation(("allowed_hosts",), "allowed-hosts", "list the hosts that may receive credentials.", key=True)
    for index, host in enumerate(manifest.allowed_hosts):
        if not _HOST_PATTERN.match(host):
            message = f"{host!r} is not a host name such as api.example.com, or *.example.com for its subdomains."
            yield Violation(("allowed_hosts", index), "allowed-hosts", message)
    sample_url = _PLACEHOLDER.sub("x", manifest.base_url)
    are_valid = manifest.allowed_hosts and all(map(_HOST_PATTERN.match, manifest.allowed_hosts))
    if are_valid and not may_receive_credentials(sample_url, manifest.allowed_hosts):
        message = f"{urlsplit(manifest.base_url).netloc} is not among `allowed_hosts`; it would receive no credentials."
        yield Violation(("base_url",), "allowed-hosts", message)


def check_base_url(file: ParsedFile[Manifest], _folder: ConnectorFolder) -> Iterator[Violation]:
    """Check that the base URL is well-formed, and that every connection has the inputs in its braces."""
    url = file.model.base_url
    if re.search(r"[?#\s@]", url) or url.endswith("/"):
        message = "expected https://host/path, without a query, a user, or a slash at the end."
        yield Violation(("base_url",), "base-url", message)
    for name in _PLACEHOLDER.findall(url):
        for type_name, connection_type in file.model.connections.items():
            if name not in connection_type.inputs:
                hint = did_you_mean(name, connection_type.inputs)
                yield Violation(("base_url",), "base-url", f"the connection {type_name} has no input {name!r}.{hint}")


def check_connection_inputs(file: ParsedFile[Manifest], _folder: ConnectorFolder) -> Iterator[Violation]:
    """Check that a connection type has the inputs that its kind needs."""
    for name, connection_type in file.model.connections.items():
        path: NodePath = ("connections", name)
        for key in _REQUIRED_INPUTS.get(connection_type.kind, ()):
            if key not in connection_type.inputs:
                message = f"{connection_type.kind} needs the input {key!r}.{did_you_mean(key, connection_type.inputs)}"
                yield Violation((*path, "inputs"), "connection-inputs", message, key=True)
        secrets = [key for key, field in connection_type.inputs.items() if field.secret]
        if connection_type.kind in ("bearer", "api_key", "basic", "jwt_hs256") and not secrets:
            message = f"{connection_type.kind} needs an input of type password."
            yield Violation((*path, "inputs"), "connection-inputs", message, key=True)
        if connection_type.to is not None and connection_type.kind != "api_key":
            message = f"`to` is for api_key, not for {connection_type.kind}."
            yield Violation((*path, "to"), "connection-inputs", message, key=True)
        if "client_auth" in connection_type.model_fields_set and not connection_type.kind.startswith("oauth2"):
            message = f"`client_auth` is for OAuth, not for {connection_type.kind}."
            yield Violation((*path, "client_auth"), "connection-inputs", message, key=True)
        for key, field in connection_type.inputs.items():
            if key.endswith("Url") and isinstance(field.default, str) and not field.default.startswith("https://"):
                message = "secrets would be sent unencrypted; expected https://"
                yield Violation((*path, "inputs", key, "default"), "connection-inputs", message)


def check_allowed_actions(file: ParsedFile[Manifest], folder: ConnectorFolder) -> Iterator[Violation]:
    """Check that `allowed_actions` exist."""
    for name, connection_type in file.model.connections.items():
        for index, key in enumerate(connection_type.allowed_actions or ()):
            if key not in folder.action_keys:
                message = f"there is no action {key!r}.{did_you_mean(key, folder.action_keys)}"
                yield Violation(("connections", name, "allowed_actions", index), "action-known", message)


def check_error_rules(file: ParsedFile[Manifest], _folder: ConnectorFolder) -> Iterator[Violation]:
    """Check that error rules can match, that their expressions run in linear time, and where the request id is."""
    error_format = file.model.errors
    if error_format.request_id is not None and not re.match(r"header\.\S+\Z", error_format.request_id):
        yield Violation(("errors", "request_id"), "errors", "expected a header such as header.X-Request-Id.")
    for index, rule in enumerate(error_format.rules):
        path: NodePath = ("errors", "rules", index)
        if all(item is None for item in (rule.status, rule.code, rule.message, rule.header)):
            yield Violation(path, "errors", "add a condition: status, code, message or header.")
        if rule.names is not None:
            yield from _check_expression((*path, "names"), rule.names)
        for word in ("code", "message"):
            if getattr(rule, word) is not None and getattr(error_format, word) is None:
                message = f"`errors` has no `{word}`, which says where a reply has it."
                yield Violation((*path, word), "errors", message, key=True)
        if rule.model_dump() in [item.model_dump() for item in error_format.rules[:index]]:
            yield Violation(path, "errors", "the same rule is listed above; the first that matches wins.")


def _check_expression(path: NodePath, pattern: str) -> Iterator[Violation]:
    try:
        group_count = LinearRegex(pattern).group_count
    except InvalidValue as invalid:
        reason = f" ({invalid.fix})" if invalid.fix else ""
        message = f"the linear engine cannot run this expression; expected {invalid.expected}{reason}."
        yield Violation(path, "pattern", message)
        return
    if group_count < 1:
        yield Violation(path, "pattern", "put the part that names the scopes in a group: scopes: (.*)")


def check_shared_locations(file: ParsedFile[Manifest], _folder: ConnectorFolder) -> Iterator[Violation]:
    """Check that constants have a place in requests, and that a sub-account's prefix has one id."""
    for to in file.model.constants:
        if not re.match(r"(header|query|body)\.\S+\Z", to):
            yield Violation(("constants", to), "place", "expected header.X, query.x or body.x.", key=True)
    prefix = file.model.subaccounts.prefix if file.model.subaccounts else ""
    if prefix and (not prefix.startswith("/") or len(_PLACEHOLDER.findall(prefix)) != 1):
        message = "expected the beginning of a path, with the account's id in braces: /accounts/{accountId}"
        yield Violation(("subaccounts", "prefix"), "subaccounts", message)


def check_rates(file: ParsedFile[Manifest], _folder: ConnectorFolder) -> Iterator[Violation]:
    """Check that rates are counts by time, and that quotas name a value of the request."""
    rates = file.model.rates
    for plan, tiers in rates.plans.items():
        for tier, rate in tiers.items():
            if not _RATE_PATTERN.match(rate):
                message = f"got {rate!r}; expected a rate such as 30/s 10000/day."
                yield Violation(("rates", "plans", plan, tier), "rate-form", message)
    for name, quota in rates.quotas.items():
        path: NodePath = ("rates", "quotas", name)
        if not _RATE_PATTERN.match(quota.limit):
            yield Violation((*path, "limit"), "rate-form", f"got {quota.limit!r}; expected a rate such as 100/day.")
        if not re.match(r"(path|query|body|connection)\.\S+\Z", quota.by):
            yield Violation((*path, "by"), "rate-form", "expected where a value is, such as path.userId.")
        if quota.reset is not None and not _TIME_OF_DAY.match(quota.reset):
            yield Violation((*path, "reset"), "rate-form", 'expected a time of day in UTC, such as "00:00Z".')
    part, _, key = (rates.account or "").partition(".")
    input_keys = {key for connection_type in file.model.connections.values() for key in connection_type.inputs}
    if rates.account is not None and (part != "connection" or key not in input_keys):
        message = f"no connection has an input {key!r}.{did_you_mean(key, input_keys)}"
        yield Violation(("rates", "account"), "rate-form", message)


def check_redaction(file: ParsedFile[Manifest], _folder: ConnectorFolder) -> Iterator[Violation]:
    """Check that no name is listed twice."""
    for word in ("fields", "query"):
        names = getattr(file.model.redact, word)
        for index, name in enumerate(names):
            if name.lower() in [previous.lower() for previous in names[:index]]:
                yield Violation(("redact", word, index), "redact", f"{name!r} is listed twice.")
