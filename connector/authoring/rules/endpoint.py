"""Rules of an endpoint: scopes, rate, connections, idempotency, deletion, downloads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.authoring.draft import Violation
from connector.core.http_semantics import NON_IDEMPOTENT_METHODS
from connector.core.json_path import get_at_path
from connector.core.rate_limit import RateLimit
from connector.definition.action import DATA_TYPES, UPDATE_METHODS
from connector.definition.suggest import did_you_mean
from connector.first_use import prepare_pattern

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connector.authoring.draft import ParsedFile
    from connector.authoring.folder_reader import ConnectorFolder
    from connector.definition.action import Action

_MIN_REASON_WORDS = 3
_DELETION = prepare_pattern(r"(delete|destroy|erase|purge)(?![a-z])")


def check_scopes(file: ParsedFile[Action], folder: ConnectorFolder) -> Iterator[Violation]:
    """Check that actions name their scopes, where a connection type uses OAuth."""
    kinds = {connection_type.kind for connection_type in folder.manifest_or_blank.connections.values()}
    scopes = file.model.scopes
    asks_consent = any(kind.startswith("oauth2") for kind in kinds) and not file.model.is_raw
    says_none = "scopes" in file.model.model_fields_set and not scopes.model_fields_set
    if asks_consent and not (scopes.names or says_none):
        message = "name the scopes that let a connection run the action, or say `scopes: none`."
        yield Violation(("scopes",), "scopes-named", message, key=True)
    for word in ("classic", "granular", "all"):
        names = getattr(scopes, word)
        for index, scope in enumerate(names):
            if scope in names[:index]:
                yield Violation(("scopes", word, index), "scopes-named", f"{scope!r} is listed twice.")


def check_rate(file: ParsedFile[Action], folder: ConnectorFolder) -> Iterator[Violation]:
    """Check that actions name their rate, where the manifest has rates, and that it exists."""
    rates = folder.manifest_or_blank.rates
    known_rates = sorted({tier for plan in rates.plans.values() for tier in plan} | set(rates.quotas))
    if not file.model.rate_names and rates.plans and not file.model.is_raw:
        yield Violation(("rate",), "rate-named", f"name its rate: {', '.join(known_rates)}.", key=True)
    for index, name in enumerate(file.model.rate_names):
        if folder.manifest and folder.manifest.is_valid and name not in known_rates:
            path = ("rate", index) if isinstance(file.model.rate, list) else ("rate",)
            yield Violation(path, "rate-known", f"the manifest has no rate {name!r}.{did_you_mean(name, known_rates)}")


def check_weight(file: ParsedFile[Action], folder: ConnectorFolder) -> Iterator[Violation]:
    """Check that the weight of an action fits into each of its rates."""
    rates, names, weight = folder.manifest_or_blank.rates, file.model.rate_names, file.model.weight
    texts = [(name, tiers[name]) for tiers in rates.plans.values() for name in names if name in tiers]
    texts += [(name, rates.quotas[name].limit) for name in names if name in rates.quotas]
    for name, text in texts if weight > 1 else ():
        rate = RateLimit.parse(text)
        limits = [*(item.max_requests for item in rate.windows), *(item.max_requests for item in rate.daily_limits)]
        if weight > min(limits, default=weight):
            message = f"it is more than the rate {name!r} allows ({text}); no call would ever fit."
            yield Violation(("weight",), "rate-form", message)
            return


def check_server(file: ParsedFile[Action], folder: ConnectorFolder) -> Iterator[Violation]:
    """Check that the server of an action is the manifest's."""
    name, servers = file.model.server, folder.manifest_or_blank.servers
    if name is not None and folder.manifest and folder.manifest.is_valid and name not in servers:
        yield Violation(
            ("server",), "server-known", f"the manifest has no server {name!r}.{did_you_mean(name, servers)}"
        )


def check_connections(file: ParsedFile[Action], folder: ConnectorFolder) -> Iterator[Violation]:
    """Check that the connection types of an action are the manifest's."""
    connection_types = folder.manifest_or_blank.connections
    for index, name in enumerate(file.model.connections or ()):
        if folder.manifest and folder.manifest.is_valid and name not in connection_types:
            message = f"the manifest has no connection {name!r}.{did_you_mean(name, connection_types)}"
            yield Violation(("connections", index), "connection-known", message)


def check_idempotent(file: ParsedFile[Action], _folder: ConnectorFolder) -> Iterator[Violation]:
    """Check that the reason for which a POST or PATCH may be repeated is a sentence."""
    reason = file.model.idempotent
    if reason and file.model.method in NON_IDEMPOTENT_METHODS and len(reason.split()) < _MIN_REASON_WORDS:
        message = "explain in a sentence why sending it twice has no second effect."
        yield Violation(("idempotent",), "idempotent", message)


def check_confirmed_deletion(file: ParsedFile[Action], _folder: ConnectorFolder) -> Iterator[Violation]:
    """Check that what deletes by its name, and not by its method, is asked about first."""
    action = file.model
    deletes = _DELETION.match(action.action) is not None and action.method in ("POST", *UPDATE_METHODS)
    if deletes and not action.confirm and not action.read_only and not file.has_invalid_key("confirm", "read_only"):
        message = f"say `confirm: true`: it deletes, and a {action.method} is done without asking."
        yield Violation(("request",), "deletion-confirmed", message)


def check_downloads(file: ParsedFile[Action], _folder: ConnectorFolder) -> Iterator[Violation]:
    """Check that the example has the fields of files to download: texts, and a number for the size."""
    example = file.model.returns.example
    for index, listing in enumerate(file.model.downloads if example is not None else ()):
        path = ("downloads", index)
        items = get_at_path(example, listing.items)
        if not isinstance(items, list):
            yield Violation((*path, "items"), "downloads", f"the example has no list at {listing.items!r}.")
            continue
        text_fields = [("url", listing.url), *(("name", name) for name in listing.name)]
        text_fields += [("extension", listing.extension)] if listing.extension else []
        for word, field in text_fields:
            if not any(isinstance(get_at_path(item, field), str) for item in items):
                yield Violation((*path, word), "downloads", f"no file of the example has a text at {field!r}.")
        if listing.may_be_json and listing.extension:
            message = "`may_be_json` has no effect beside `extension`, which says whether a file is JSON. Remove it."
            yield Violation((*path, "may_be_json"), "downloads", message)
        if listing.size and not any(isinstance(get_at_path(item, listing.size), int) for item in items):
            yield Violation((*path, "size"), "downloads", f"no file of the example has a number at {listing.size!r}.")
        if listing.token and not isinstance(get_at_path(example, listing.token), str):
            yield Violation((*path, "token"), "downloads", f"the example has no text at {listing.token!r}.")


def check_has_payload(file: ParsedFile[Action], _folder: ConnectorFolder) -> Iterator[Violation]:
    """Check that an action has an example of its reply, which docs and sandbox need."""
    returns = file.model.returns
    if returns.example is None and returns.type in (*DATA_TYPES, "text"):
        message = "add an `example` of the reply under `returns`."
        yield Violation(("returns", "example"), "has-example", message, key=True)
