"""Changes of a manifest: connections, triggers, errors, and what else all actions share."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from connector.authoring.changes.change import WordChange, compare_mappings, describe_change
from connector.authoring.changes.fields import Versions, compare_fields
from connector.authoring.changes.paging import compare_paging

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connector.definition.connection_type import ConnectionType
    from connector.definition.manifest import Manifest
    from connector.definition.parsers.strict_yaml import NodePath
    from connector.definition.replies.error_format import ErrorRule
    from connector.definition.trigger import Trigger

_TOLD_WORDS = ("base_url", "label", "constants", "rates", "redact", "requires")


def compare_manifests(old: Manifest, new: Manifest, versions: Versions) -> Iterator[WordChange]:
    """Yield the changes of a manifest."""
    if old.connector != new.connector:
        message = f"is called {new.connector!r}, so stored connections and variables of {old.connector!r} do not count."
        yield WordChange(("connector",), is_breaking=True, message=message)
    compare_kind = partial(_compare_connection_types, versions=versions)
    yield from compare_mappings(("connections",), old.connections, new.connections, "connection", compare_kind)
    compare_webhook = partial(_compare_triggers, versions=versions)
    yield from compare_mappings(("triggers",), old.triggers, new.triggers, "trigger", compare_webhook)
    yield from _compare_clouds(old, new)
    yield from _compare_servers(old, new)
    yield from compare_paging(old.pagination, new.pagination)
    yield from _compare_errors(old, new)
    yield from _compare_abilities(old, new)
    lost_hosts = [host for host in old.allowed_hosts if host not in new.allowed_hosts]
    if lost_hosts:
        message = f"credentials are no longer sent to {', '.join(lost_hosts)}."
        yield WordChange(("allowed_hosts",), is_breaking=True, message=message)
    for word in _TOLD_WORDS:
        before, after = getattr(old, word), getattr(new, word)
        if before != after:
            message = f"`{word}` changed." if hasattr(after, "model_dump") else describe_change(word, before, after)
            yield WordChange((word,), is_breaking=False, message=message, in_old=after in (None, [], {}))


def _compare_connection_types(
    path: NodePath, old: ConnectionType, new: ConnectionType, versions: Versions
) -> Iterator[WordChange]:
    if old.kind != new.kind:
        yield WordChange((*path, "kind"), is_breaking=True, message=describe_change("kind", old.kind, new.kind))
    yield from compare_fields((*path, "inputs"), old.inputs, new.inputs, versions)
    if new.allowed_actions is not None:
        lost = sorted(set(old.allowed_actions or ()) - set(new.allowed_actions))
        if lost or old.allowed_actions is None:
            which = ", ".join(lost) if lost else "any other action"
            message = f"may not run {which} any more."
            yield WordChange((*path, "allowed_actions"), is_breaking=True, message=message)


def _compare_triggers(path: NodePath, old: Trigger, new: Trigger, versions: Versions) -> Iterator[WordChange]:
    yield from compare_fields((*path, "inputs"), old.inputs, new.inputs, versions)
    for word in ("event", "dedupe"):
        before, after = getattr(old, word), getattr(new, word)
        if before != after:
            message = f"`{word}` changed: what a handler is given, or what counts as a copy, may differ."
            yield WordChange((*path, word), is_breaking=True, message=message)
    old_words, new_words = old.model_dump(), new.model_dump()
    skipped = {"inputs", "event", "dedupe"}
    for word in sorted(new_words.keys() - skipped):
        if old_words[word] != new_words[word]:
            how = "what is polled, or how often, differs" if word == "watch" else "deliveries are verified another way"
            message = f"`{word}` changed: {how}."
            yield WordChange((*path, word), is_breaking=False, message=message, in_old=new_words[word] is None)


def _compare_clouds(old: Manifest, new: Manifest) -> Iterator[WordChange]:
    yield from compare_mappings(("clouds",), old.clouds, new.clouds, "cloud", lambda *_: iter(()))
    before, after = next(iter(old.clouds), None), next(iter(new.clouds), None)
    if before and after and before != after and before in new.clouds:
        message = f"the usual cloud was {before!r} and is {after!r}."
        yield WordChange(("clouds", after), is_breaking=True, message=message)


def _compare_servers(old: Manifest, new: Manifest) -> Iterator[WordChange]:
    """Yield how the servers differ; an action whose server is gone has another one, or none, which it tells."""
    for name in old.servers.keys() | new.servers.keys():
        before, after = old.servers.get(name), new.servers.get(name)
        if before != after:
            message = describe_change(f"servers.{name}", before, after)
            yield WordChange(("servers", name), is_breaking=False, message=message, in_old=after is None)


def _compare_errors(old: Manifest, new: Manifest) -> Iterator[WordChange]:
    earlier = {_match_of(rule): rule.category for rule in old.errors.rules}
    for index, rule in enumerate(new.errors.rules):
        before = earlier.pop(_match_of(rule), None)
        if before is None:
            message = f"an error counts as {rule.category!r} that did not."
        elif before != rule.category:
            message = f"an error that counted as {before!r} counts as {rule.category!r}."
        else:
            continue
        yield WordChange(("errors", "rules", index), is_breaking=before is not None, message=message)
    for category in earlier.values():
        message = f"a rule for {category!r} is gone: its error is raised as another one."
        yield WordChange(("errors", "rules"), is_breaking=True, message=message, in_old=True)
    for word in ("failed", "success_codes", "code", "message", "request_id", "fields"):
        before, after = getattr(old.errors, word), getattr(new.errors, word)
        if before != after:
            message = describe_change(f"errors.{word}", before, after)
            yield WordChange(("errors", word), is_breaking=False, message=message, in_old=not after)


def _match_of(rule: ErrorRule) -> str:
    """Return what a rule matches, without what it makes of it."""
    return repr([(word, value) for word, value in rule.model_dump().items() if word != "category"])


def _compare_abilities(old: Manifest, new: Manifest) -> Iterator[WordChange]:
    """Yield what the whole connector could do and cannot any more, or the other way round."""
    abilities: tuple[tuple[str, str], ...] = (
        ("idempotency", "idempotency keys"),
        ("subaccounts", "sub-accounts"),
        ("test", "a connection test"),
    )
    for word, noun in abilities:
        before, after = getattr(old, word), getattr(new, word)
        if before is not None and after is None:
            yield WordChange((word,), is_breaking=True, message=f"has no {noun} any more.", in_old=True)
        elif before is None and after is not None:
            yield WordChange((word,), is_breaking=False, message=f"has {noun} now.")
        elif before != after:
            yield WordChange((word,), is_breaking=False, message=f"`{word}` changed.")
