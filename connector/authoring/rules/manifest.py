"""Rules of the manifest: allowed actions, errors, shared places, rates and redaction."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from connector.authoring.draft import Violation
from connector.authoring.rules.places import find_header_problems
from connector.core.invalid_value import InvalidValue
from connector.core.linear_regex import LinearRegex
from connector.definition.inputs.request_location import RequestLocation
from connector.definition.suggest import did_you_mean
from connector.first_use import prepare_pattern

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connector.authoring.draft import ParsedFile
    from connector.authoring.folder_reader import ConnectorFolder
    from connector.definition.manifest import Manifest
    from connector.definition.parsers.strict_yaml import NodePath
    from connector.definition.replies.error_format import ErrorRule

_PLACEHOLDER = prepare_pattern(r"\{([^{}]*)\}")
_LIMIT_REGEX = r"[1-9][0-9]*(/(([1-9][0-9]*)?(s|m|min|h)|day)| at once)"
_RATE_PATTERN = prepare_pattern(rf"{_LIMIT_REGEX}( {_LIMIT_REGEX})*\Z", re.ASCII)
_TIME_OF_DAY = prepare_pattern(r"([01][0-9]|2[0-3]):[0-5][0-9]Z\Z")


def check_allowed_actions(file: ParsedFile[Manifest], folder: ConnectorFolder) -> Iterator[Violation]:
    """Check that `allowed_actions` exist."""
    for name, connection_type in file.model.connections.items():
        for index, key in enumerate(connection_type.allowed_actions or ()):
            if key not in folder.action_keys:
                message = f"there is no action {key!r}.{did_you_mean(key, folder.action_keys)}"
                yield Violation(("connections", name, "allowed_actions", index), "action-known", message)


def check_servers(file: ParsedFile[Manifest], folder: ConnectorFolder) -> Iterator[Violation]:
    """Check that every server has an action."""
    used = {action.model.server for action in folder.actions}
    for name in file.model.servers.keys() - used:
        message = f"no action has `server: {name}`; remove it."
        yield Violation(("servers", name), "no-effect", message, key=True)


def check_error_rules(file: ParsedFile[Manifest], _folder: ConnectorFolder) -> Iterator[Violation]:
    """Check that error rules can match, that their expressions run in linear time, and where the request id is."""
    error_format = file.model.errors
    if error_format.request_id is not None and not re.match(r"header\.\S+\Z", error_format.request_id):
        yield Violation(("errors", "request_id"), "errors", "expected a header such as header.X-Request-Id.")
    for index, rule in enumerate(error_format.rules):
        path: NodePath = ("errors", "rules", index)
        if not _has_condition(rule):
            yield Violation(path, "errors", "add a condition: status, code, message or header.")
        if rule.names is not None:
            yield from _check_expression((*path, "names"), rule.names)
            if rule.category != "scope":
                yield Violation((*path, "names"), "no-effect", "only category: scope has names to find.", key=True)
        for word in ("code", "message"):
            if getattr(rule, word) is not None and getattr(error_format, word) is None:
                message = f"`errors` has no `{word}`, which says where a reply has it."
                yield Violation((*path, word), "errors", message, key=True)
        if any(_covers(earlier, rule) for earlier in error_format.rules[:index]):
            yield Violation(path, "errors", "a rule above matches all of this; the first that matches wins.")


def _has_condition(rule: ErrorRule) -> bool:
    return any(item is not None for item in (rule.status, rule.code, rule.message, rule.header))


def _covers(earlier: ErrorRule, later: ErrorRule) -> bool:
    """Whether a rule matches every error that a later one matches."""
    if not _has_condition(earlier):
        return False
    for word in ("status", "code"):
        wanted, given = getattr(earlier, word), getattr(later, word)
        if wanted is not None and (given is None or not _to_texts(given) <= _to_texts(wanted)):
            return False
    if earlier.message is not None and earlier.message.lower() not in (later.message or "").lower():
        return False
    name, _, value = (later.header or "").partition("=")
    wanted_name, _, wanted_value = (earlier.header or "").partition("=")
    is_header_covered = name.lower() == wanted_name.lower() and wanted_value in ("", value)
    return earlier.header is None or is_header_covered


def _to_texts(value: Any) -> set[str]:
    return set(map(str, value if isinstance(value, list) else [value]))


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
        elif to.startswith("header."):
            for message in find_header_problems(RequestLocation.parse(to)):
                yield Violation(("constants", to), "place", message, key=True)
    yield from _check_key_place(file.model)
    prefix = file.model.subaccounts.prefix if file.model.subaccounts else ""
    if prefix and (not prefix.startswith("/") or len(_PLACEHOLDER.findall(prefix)) != 1):
        message = "expected the beginning of a path, with the account's id in braces: /accounts/{accountId}"
        yield Violation(("subaccounts", "prefix"), "subaccounts", message)


def _check_key_place(manifest: Manifest) -> Iterator[Violation]:
    """Check that the place of idempotency keys can have one, and has no constant."""
    if manifest.idempotency is None:
        return
    location = manifest.idempotency.location
    path: NodePath = ("idempotency", "to")
    for message in find_header_problems(location) if location.part == "header" else ():
        yield Violation(path, "place", message)
    if any(RequestLocation.parse(to) == location for to in manifest.constants):
        yield Violation(path, "one-place", f"{location} is a constant of the manifest.")


def check_rates(file: ParsedFile[Manifest], _folder: ConnectorFolder) -> Iterator[Violation]:
    """Check that rates are counts by time, and that quotas name a value of the request."""
    rates = file.model.rates
    for plan, tiers in rates.plans.items():
        for tier, rate in tiers.items():
            if not _RATE_PATTERN.match(rate):
                message = f"got {rate!r}; expected a rate such as 30/s 10000/day, 1500/h, 110/10s or 5 at once."
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
