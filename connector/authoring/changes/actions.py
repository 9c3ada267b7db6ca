"""Changes of an action: its inputs, who may run it, how a run behaves, and what it returns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.authoring.changes.change import WordChange, describe_change
from connector.authoring.changes.fields import Versions, compare_fields
from connector.authoring.changes.paging import compare_paging

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connector.definition.action import Action, Scopes

_TOLD_WORDS = (
    "label", "group", "request", "server", "rate", "weight", "body", "content_type", "constants", "lists",
    "form_nesting",
)  # fmt: skip


def compare_actions(old: Action, new: Action, versions: Versions) -> Iterator[WordChange]:
    """Yield the changes of an action that both versions have."""
    if old.action != new.action:
        message = f"{old.action!r} is called {new.action!r} now; the old name is still taken."
        yield WordChange(("was",), is_breaking=False, message=message)
    yield from compare_fields(("inputs",), old.inputs, new.inputs, versions)
    yield from _compare_rules(old, new)
    yield from _compare_access(old, new)
    yield from _compare_behaviour(old, new)
    yield from _compare_uploads(old, new)
    yield from _compare_returns(old, new)
    yield from _compare_jobs(old, new)
    for word in _TOLD_WORDS:
        yield from _tell(word, getattr(old, word), getattr(new, word), is_breaking=False)
    before = old.deprecated.describe() if old.deprecated else None
    after = new.deprecated.describe() if new.deprecated else None
    yield from _tell("deprecated", before, after, is_breaking=False)


def _tell(word: str, before: Any, after: Any, *, is_breaking: bool) -> Iterator[WordChange]:
    if before != after:
        yield WordChange((word,), is_breaking, describe_change(word, before, after), in_old=after in (None, [], {}, ()))


def _compare_rules(old: Action, new: Action) -> Iterator[WordChange]:
    earlier = [rule.model_dump() for rule in old.any_of]
    for index, rule in enumerate(new.any_of):
        if rule.model_dump() not in earlier:
            message = f"one of {', '.join(rule.of)} must be given where none had to be."
            yield WordChange(("any_of", index), is_breaking=True, message=message)


def _compare_access(old: Action, new: Action) -> Iterator[WordChange]:
    if new.connections is not None:
        lost = sorted(set(old.connections or new.connections) - set(new.connections))
        if lost or old.connections is None:
            which = ", ".join(lost) if lost else f"other connections than {', '.join(new.connections)}"
            yield WordChange(("connections",), is_breaking=True, message=f"{which} may not run it any more.")
    yield from _compare_scopes(old.scopes, new.scopes)
    if old.subaccount and not new.subaccount:
        yield WordChange(("subaccount",), is_breaking=True, message="cannot act on a sub-account any more.")


def _compare_scopes(old: Scopes, new: Scopes) -> Iterator[WordChange]:
    """Yield how other scopes are needed: it breaks where a connection that had enough has not any more."""
    if old.all or new.all:
        if old == new:
            return
        enough = [set(old.all)] if old.all else [{name} for name in old.names] or [set()]
        wanted = [set(new.all)] if new.all else [{name} for name in new.names] or [set()]
        is_narrower = not all(any(needed <= granted for needed in wanted) for granted in enough)
        message = describe_change("scopes", _describe_scopes(old), _describe_scopes(new))
        yield WordChange(("scopes",), is_narrower, message, in_old=not new.names)
        return
    for word in ("granular", "classic"):
        before, after = getattr(old, word), getattr(new, word)
        if before != after:
            is_narrower = bool(after) and (not before or not set(before) <= set(after))
            yield WordChange(("scopes",), is_narrower, describe_change("scopes", before, after), in_old=not after)


def _describe_scopes(scopes: Scopes) -> str:
    return f"{'all' if scopes.all else 'any'} of {', '.join(scopes.names)}" if scopes.names else ""


def _compare_jobs(old: Action, new: Action) -> Iterator[WordChange]:
    """Yield how an action waits for a job: it breaks where its result is another action's."""
    if old.poll is None or new.poll is None:
        if new.poll is not None:
            message = "waits for a job now, and its result is that of the job."
            yield WordChange(("poll",), is_breaking=True, message=message)
        elif old.poll is not None:
            message = "does not wait for the job any more: its result is the reply to the start."
            yield WordChange(("poll",), is_breaking=True, message=message, in_old=True)
        return
    results = [(action.then or action.poll).action for action in (old, new) if action.poll is not None]
    if results[0] != results[1]:
        word = "then" if old.then or new.then else "poll"
        message = f"its result was that of {results[0]!r} and is that of {results[1]!r}."
        yield WordChange((word,), is_breaking=True, message=message, in_old=word == "then" and new.then is None)
    for word in type(new.poll).model_fields:
        before, after = getattr(old.poll, word), getattr(new.poll, word)
        if before != after and not (word == "action" and new.then is None):
            message = describe_change(f"poll.{word}", before, after)
            yield WordChange(("poll", word), is_breaking=False, message=message, in_old=not after)
    if old.then and new.then and old.then.inputs != new.then.inputs:
        message = describe_change("then.inputs", old.then.inputs, new.then.inputs)
        yield WordChange(("then", "inputs"), is_breaking=False, message=message)


def _compare_uploads(old: Action, new: Action) -> Iterator[WordChange]:
    """Yield how a file is sent to a URL of the reply: it breaks where the result is that of another request."""
    if (old.upload is None) != (new.upload is None):
        message = "sends the file to a URL of the reply now, and its result is that of the last request."
        if new.upload is None:
            message = "does not send a file to a URL of the reply any more: its result is that reply."
        yield WordChange(("upload",), is_breaking=True, message=message, in_old=new.upload is None)
    elif old.upload is not None and new.upload is not None:
        followers = [action.then.action if action.then else None for action in (old, new)]
        if followers[0] != followers[1]:
            message = describe_change("then", *followers)
            yield WordChange(("then",), is_breaking=True, message=message, in_old=new.then is None)
        for word in type(new.upload).model_fields:
            before, after = getattr(old.upload, word), getattr(new.upload, word)
            if word != "returns" and before != after:
                message = describe_change(f"upload.{word}", before, after)
                yield WordChange(("upload", word), is_breaking=False, message=message, in_old=not after)


def _compare_behaviour(old: Action, new: Action) -> Iterator[WordChange]:
    if old.is_read and not new.is_read:
        message = "was a read and is a write: it is not repeated by itself, and may end uncertain."
        yield WordChange(("request",), is_breaking=True, message=message)
    elif new.is_read and not old.is_read:
        yield WordChange(("request",), is_breaking=False, message="was a write and is a read.")
    elif bool(old.is_write) != bool(new.is_write):
        message = "is not safe to send twice any more." if new.is_write else "is safe to send twice now."
        yield WordChange(("idempotent",), new.is_write, message, in_old=new.idempotent is None)
    if old.is_destructive != new.is_destructive:
        message = "asks before it runs." if new.is_destructive else "does not ask before it runs any more."
        yield WordChange(("confirm",), new.is_destructive, message, in_old=new.confirm is None)


def _compare_returns(old: Action, new: Action) -> Iterator[WordChange]:
    if old.returns.type != new.returns.type:
        message = describe_change("returns.type", old.returns.type, new.returns.type)
        yield WordChange(("returns", "type"), is_breaking=True, message=message)
    if old.pagination and not new.pagination:
        message = "lists no items any more, and its pages are not followed."
        yield WordChange(("pagination",), is_breaking=True, message=message, in_old=True)
    elif new.pagination and not old.pagination:
        yield WordChange(("pagination",), is_breaking=False, message="lists items, page by page.")
    elif old.pagination and new.pagination:
        yield from compare_paging(old.pagination, new.pagination)
    if old.downloads and not new.downloads:
        yield WordChange(("downloads",), is_breaking=True, message="lists no files any more.", in_old=True)
    if new.returns.max_bytes and new.returns.max_bytes < (old.returns.max_bytes or float("inf")):
        message = describe_change("returns.max_bytes", old.returns.max_bytes, new.returns.max_bytes)
        yield WordChange(("returns", "max_bytes"), is_breaking=True, message=message)
