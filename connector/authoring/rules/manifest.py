"""Rules of the manifest: where it leads, who signs in how, how errors, rates and secrets are declared."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from connector.authoring.draft import Mistake
from connector.core.inputs.field_checks import SchemaError, linear
from connector.core.redaction import of as redactor
from connector.core.url_policy import may_carry
from connector.definition.suggest import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connector.authoring.draft import Draft
    from connector.authoring.folder_reader import Sources
    from connector.definition.manifest import Manifest
    from connector.definition.strict_yaml import Path

_HOST = re.compile(r"(\*\.)?([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z]([a-z0-9-]*[a-z0-9])?\Z")
_BRACES = re.compile(r"\{([^{}]*)\}")
_LIMIT = r"[1-9][0-9]*/(([1-9][0-9]*)?(s|min|h)|day)"
_RATE = re.compile(rf"{_LIMIT}( {_LIMIT})*\Z", re.ASCII)
_MIDNIGHT = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]Z\Z")
_ASKS = {
    "oauth2": ("authorizeUrl", "tokenUrl", "clientId"),
    "oauth2_account_credentials": ("tokenUrl", "accountId", "clientId", "clientSecret"),
    "oauth2_client_credentials": ("tokenUrl", "clientId", "clientSecret"),
    "jwt_hs256": ("apiKey", "apiSecret"),
}
_SECRET_FIELD = re.compile(r"(^|_)(password|passcode|secret|token|zak)$")
_CURSOR = re.compile(r"(page|cursor|sync|continuation)_?token$")


def hosts_cover(draft: Draft[Manifest], _sources: Sources) -> Iterator[Mistake]:
    """Credentials may go to the base URL, and the list of hosts holds hosts."""
    manifest = draft.model
    if not manifest.hosts:
        yield Mistake(("hosts",), "hosts", "say where credentials may go; nothing else gets them.", key=True)
    for place, host in enumerate(manifest.hosts):
        if not _HOST.match(host):
            message = f"{host!r} is no name of a host: api.example.com, or *.example.com for those under it."
            yield Mistake(("hosts", place), "hosts", message)
    plain = _BRACES.sub("x", manifest.base_url)
    if manifest.hosts and all(map(_HOST.match, manifest.hosts)) and not may_carry(plain, manifest.hosts):
        host = urlsplit(manifest.base_url).netloc
        yield Mistake(("base_url",), "hosts", f"{host} is on no line of `hosts`, so no credential may go there.")


def base_url(draft: Draft[Manifest], _sources: Sources) -> Iterator[Mistake]:
    """The base URL is https, without a query; its names in braces are inputs of every connection."""
    url = draft.model.base_url
    if re.search(r"[?#\s@]", url) or url.endswith("/"):
        message = "expected https://host/path, without a query, a user, or a slash at the end."
        yield Mistake(("base_url",), "base-url", message)
    for name in _BRACES.findall(url):
        for kind, one in draft.model.connections.items():
            if name not in one.inputs:
                hint = did_you_mean(name, one.inputs)
                yield Mistake(("base_url",), "base-url", f"the connection {kind} has no input {name!r}.{hint}")


def connection_inputs(draft: Draft[Manifest], _sources: Sources) -> Iterator[Mistake]:
    """A kind of connection asks for what its way of signing in takes."""
    for name, one in draft.model.connections.items():
        path: Path = ("connections", name)
        for key in _ASKS.get(one.kind, ()):
            if key not in one.inputs:
                message = f"{one.kind} takes the input {key!r}.{did_you_mean(key, one.inputs)}"
                yield Mistake((*path, "inputs"), "connection-inputs", message, key=True)
        secrets = [key for key, spec in one.inputs.items() if spec.secret]
        if one.kind in ("bearer", "api_key", "basic", "jwt_hs256") and not secrets:
            message = f"{one.kind} takes an input of type password to sign with."
            yield Mistake((*path, "inputs"), "connection-inputs", message, key=True)
        if one.to is not None and one.kind != "api_key":
            yield Mistake((*path, "to"), "connection-inputs", f"`to` is for api_key, not for {one.kind}.", key=True)
        if "client_auth" in one.model_fields_set and not one.kind.startswith("oauth2"):
            message = f"`client_auth` is for OAuth, not for {one.kind}."
            yield Mistake((*path, "client_auth"), "connection-inputs", message, key=True)
        for key, spec in one.inputs.items():
            if key.endswith("Url") and isinstance(spec.default, str) and not spec.default.startswith("https://"):
                where = (*path, "inputs", key, "default")
                yield Mistake(where, "connection-inputs", "a secret would travel in clear: expected https://")


def only_known(draft: Draft[Manifest], sources: Sources) -> Iterator[Mistake]:
    """`only` names actions that are there."""
    for name, one in draft.model.connections.items():
        for place, key in enumerate(one.only or ()):
            if key not in sources.keys:
                message = f"there is no action {key!r}.{did_you_mean(key, sources.keys)}"
                yield Mistake(("connections", name, "only", place), "action-known", message)


def errors_mean(draft: Draft[Manifest], _sources: Sources) -> Iterator[Mistake]:
    """Meanings can match, their expressions run in linear time, and the tracking id is in a header."""
    declared = draft.model.errors
    if declared.tracking is not None and not re.match(r"header\.\S+\Z", declared.tracking):
        yield Mistake(("errors", "tracking"), "errors", "expected a header: header.X-Request-Id")
    for place, meaning in enumerate(declared.means):
        path: Path = ("errors", "means", place)
        if all(one is None for one in (meaning.status, meaning.code, meaning.message, meaning.header)):
            yield Mistake(path, "errors", "say what it is known by: status, code, message or header.")
        if meaning.names is not None:
            yield from _expression((*path, "names"), meaning.names)
        for word, needs in (("code", "code"), ("message", "message")):
            if getattr(meaning, word) is not None and getattr(declared, needs) is None:
                yield Mistake((*path, word), "errors", f"`errors` does not say where a reply has its {word}.", key=True)
        if meaning.model_dump() in [one.model_dump() for one in declared.means[:place]]:
            yield Mistake(path, "errors", "this meaning stands already; the first that matches wins.")


def _expression(path: Path, pattern: str) -> Iterator[Mistake]:
    try:
        linear(pattern)
        groups = re.compile(pattern).groups
    except (SchemaError, re.error):
        yield Mistake(path, "pattern", "the linear engine cannot run this expression.")
        return
    if groups < 1:
        yield Mistake(path, "pattern", "put what names the scopes in a group: scopes: (.*)")


def shared_places(draft: Draft[Manifest], _sources: Sources) -> Iterator[Mistake]:
    """Constants of every request have a place in it, and a sub-account is named in one place."""
    for to in draft.model.always:
        if not re.match(r"(header|query|body)\.\S+\Z", to):
            yield Mistake(("always", to), "place", "expected header.X, query.x or body.x", key=True)
    prefix = draft.model.subaccounts.prefix if draft.model.subaccounts else ""
    if prefix and (not prefix.startswith("/") or len(_BRACES.findall(prefix)) != 1):
        message = "expected the beginning of a path with the account's id in braces: /accounts/{accountId}"
        yield Mistake(("subaccounts", "prefix"), "subaccounts", message)


def rates_form(draft: Draft[Manifest], _sources: Sources) -> Iterator[Mistake]:
    """Rates are counts by time; caps are counted by a value of the request."""
    rates = draft.model.rates
    for plan, tiers in rates.plans.items():
        for tier, rate in tiers.items():
            if not _RATE.match(rate):
                yield Mistake(("rates", "plans", plan, tier), "rate-form", f"got {rate!r}; such as 30/s 10000/day.")
    for name, cap in rates.caps.items():
        path: Path = ("rates", "caps", name)
        if not _RATE.match(cap.limit):
            yield Mistake((*path, "limit"), "rate-form", f"got {cap.limit!r}; such as 100/day.")
        if not re.match(r"(path|query|body|connection)\.\S+\Z", cap.by):
            yield Mistake((*path, "by"), "rate-form", "expected the place of a value: path.userId")
        if cap.reset is not None and not _MIDNIGHT.match(cap.reset):
            yield Mistake((*path, "reset"), "rate-form", 'expected a time of day in UTC: "00:00Z"')
    part, _, key = (rates.per or "").partition(".")
    known = {key for one in draft.model.connections.values() for key in one.inputs}
    if rates.per is not None and (part != "connection" or key not in known):
        yield Mistake(("rates", "per"), "rate-form", f"no connection has an input {key!r}.{did_you_mean(key, known)}")


def redact_covers(draft: Draft[Manifest], sources: Sources) -> Iterator[Mistake]:
    """What looks like a secret in a reply is never shown."""
    for word in ("fields", "query"):
        named = getattr(draft.model.redact, word)
        for place, name in enumerate(named):
            if name.lower() in [one.lower() for one in named[:place]]:
                yield Mistake(("redact", word, place), "redact", f"{name!r} stands twice.")
    if not draft.whole:
        return
    hidden = redactor(sources.connector).fields
    shown: dict[str, str] = {}
    for action in sources.actions:
        for name in _names(action.model.returns.example):
            if _SECRET_FIELD.search(name.lower()) and not _CURSOR.search(name.lower()) and name.lower() not in hidden:
                shown.setdefault(name, action.model.action)
    for name, key in shown.items():
        message = f"{name!r}, which {key} brings back, looks like a secret and is not hidden."
        yield Mistake(("redact", "fields"), "redact", message, key=True)


def _names(data: Any) -> Iterator[str]:
    """Yield the names of the fields that hold plain values."""
    if isinstance(data, dict):
        yield from (name for name, item in data.items() if not isinstance(item, dict | list | bool))
    for item in data.values() if isinstance(data, dict) else data if isinstance(data, list) else ():
        yield from _names(item)
