"""Words of the manifest that no action, no connection and no other word makes anything of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.authoring.rules.connections.kinds import list_kinds_with
from connector.authoring.rules.no_effect.violation import build_violation
from connector.core.rate_limit import RateLimit
from connector.definition.connection_type import URL_INPUTS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connector.authoring.draft import ParsedFile, Violation
    from connector.authoring.folder_reader import ConnectorFolder
    from connector.definition.action import Action
    from connector.definition.manifest import Manifest


def check_resource_words(file: ParsedFile[Manifest], _folder: ConnectorFolder) -> Iterator[Violation]:
    """Check that the words of a resource and of the sandbox have an effect."""
    manifest = file.model
    for name, resource in manifest.resources.items():
        without_path = "no path has its id: it has no `item`; remove it." if resource.item is None else ""
        words = {
            "parent_id": "it has no `parent`; remove it." if resource.parent is None else "",
            "list_id": "it has no `list`; remove it." if resource.listing is None else "",
            "changed_since": "it has no `list`; remove it." if resource.listing is None else "",
            "lookup_fields": without_path,
            "aliases": without_path,
        }
        for word, message in words.items():
            if message and word in resource.model_fields_set:
                yield build_violation(("resources", name, word), message)
    if manifest.sandbox.missing is not None and not manifest.resources:
        yield build_violation(("sandbox", "missing"), "the sandbox keeps no `resources`; remove it.")
    for word in ("missing", "invalid"):
        reply = getattr(manifest.sandbox, word)
        if reply is not None and reply.code is not None and manifest.errors.code is None:
            message = "`errors` has no `code`, which says where a reply has it."
            yield build_violation(("sandbox", word, "code"), message)


def check_connection_words(file: ParsedFile[Manifest], folder: ConnectorFolder) -> Iterator[Violation]:
    """Check that tests and URLs of clouds belong to a connection type that uses them."""
    manifest = file.model
    types = manifest.connections
    is_idle = all("test" in item.model_fields_set for item in types.values())
    if manifest.test is not None and is_idle and not file.has_invalid_key("connections"):
        reason = "every connection has a test of its own" if types else "there are no connections to test"
        yield build_violation(("test",), f"{reason}; remove it.")
    for name, connection_type in types.items():
        if connection_type.test is not None and connection_type.test == manifest.test:
            yield build_violation(("connections", name, "test"), "the manifest's `test` says the same; remove it.")
        has_ids = folder.are_actions_valid and not any(action.path_names or action.is_raw for action in _list(folder))
        if connection_type.unsupported_aliases and has_ids:
            message = "no action has an id in its path, so there is no alias of one; remove it."
            yield build_violation(("connections", name, "unsupported_aliases"), message)
    kinds = {connection_type.kind for connection_type in types.values()}
    for key, cloud in manifest.clouds.items():
        for word in sorted(URL_INPUTS.keys() & cloud.model_fields_set):
            if kinds.isdisjoint(list_kinds_with(word)):
                message = f"no connection has an address to sign in that this one stands for ({word}); remove it."
                yield build_violation(("clouds", key, word), message)


def check_shared_words(file: ParsedFile[Manifest], folder: ConnectorFolder) -> Iterator[Violation]:
    """Check that what actions share is shared by one at least: sub-accounts, scopes, rates."""
    manifest, actions = file.model, _list(folder)
    yield from _check_rate_words(manifest)
    if not folder.are_actions_valid:
        return
    if manifest.subaccounts is not None and actions and not any(action.subaccount for action in actions):
        yield build_violation(("subaccounts",), "every action says `subaccount: false`; remove it.")
    has_scopes = any(action.scopes.names for action in actions)
    if manifest.scope_levels and not has_scopes and not folder.event_stems:
        yield build_violation(("scope_levels",), "no action has `scopes` that it could widen; remove it.")


def _check_rate_words(manifest: Manifest) -> Iterator[Violation]:
    rates = manifest.rates
    if rates.account is not None and not (rates.plans or rates.quotas):
        yield build_violation(("rates", "account"), "there are no rates to count calls for; remove it.")
    for name, quota in rates.quotas.items():
        if quota.reset is not None and not RateLimit.parse(quota.limit).daily_limits:
            yield build_violation(("rates", "quotas", name, "reset"), f"{quota.limit} has no day; remove it.")


def _list(folder: ConnectorFolder) -> list[Action]:
    return [file.model for file in folder.actions]
