"""Rules of jobs: the actions that follow exist and only read, and get what they need from the reply before."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.authoring.draft import Violation
from connector.core.json_path import has_path
from connector.definition.json_path import parse_reply_path
from connector.definition.replies.error_format import to_json_text
from connector.definition.suggest import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connector.authoring.draft import ParsedFile
    from connector.authoring.folder_reader import ConnectorFolder
    from connector.definition.action import Action
    from connector.definition.parsers.strict_yaml import NodePath
    from connector.definition.replies.job import NextCall, Poll

RULE = "job"
_FIELD_TYPES = ("json", "xml")  # of replies that have fields


def check_job(file: ParsedFile[Action], folder: ConnectorFolder) -> Iterator[Violation]:
    """Check that a job can be asked for, that its end is seen, and that its results can be read."""
    action = file.model
    if action.poll is None:
        is_alone = action.upload is None and not file.has_invalid_key("poll") and not file.has_invalid_key("upload")
        if action.then is not None and is_alone:
            message = "it follows a job or an upload; say with `poll` how to ask for one."
            yield Violation(("then",), "no-effect", message, key=True)
        return
    if ("pagination",) in file.document.key_positions:  # rows have one without a word
        message = "a call of this action returns what `then` lists; remove it."
        yield Violation(("pagination",), "no-effect", message, key=True)
    if action.returns.type not in _FIELD_TYPES:
        message = f"the reply to the start has no fields: it is {action.returns.type}."
        yield Violation(("poll",), RULE, message, key=True)
    actions = folder.models_by_key
    yield from check_next_call(file, folder, "poll", action.poll, [action])
    polled = actions.get(action.poll.action)
    if polled is not None:
        if polled.pagination is not None or polled.returns.type not in _FIELD_TYPES:
            message = f"{polled.action} returns a list or no fields; name an action that reads one job."
            yield Violation(("poll", "action"), RULE, message)
        yield from _check_states(action.poll, polled)
    if action.then is not None:
        yield from check_next_call(file, folder, "then", action.then, [polled] if polled else [])


def check_next_call(
    file: ParsedFile[Action], folder: ConnectorFolder, part: str, words: NextCall, before: list[Action]
) -> Iterator[Violation]:
    """Check one call that follows: its action, and its inputs; `before` is the action whose reply has them.

    What follows an upload may change something.
    """
    actions = folder.models_by_key
    if words.action not in folder.action_keys:
        message = f"there is no action {words.action!r}.{did_you_mean(words.action, folder.action_keys)}"
        yield Violation((part, "action"), RULE, message)
    target = actions.get(words.action)
    if target is None:
        return
    if not target.is_read and file.model.upload is None:
        yield Violation((part, "action"), RULE, f"{target.action} may change something; name one that only reads.")
    if target.poll is not None or target.upload is not None:
        what = "starts a job" if target.poll is not None else "sends a file"
        yield Violation((part, "action"), RULE, f"{target.action} {what} itself.")
    for key, field in file.model.inputs.items() if part == "then" else ():
        if field.location.part == "then" and (key not in target.inputs or key in words.inputs):
            reason = "gets it from the reply" if key in words.inputs else f"has no input {key!r}"
            yield Violation(("inputs", key, "to"), RULE, f"{target.action} {reason}; correct it, or remove it.")
    for key, path in words.inputs.items():
        place: NodePath = (part, "inputs", key)
        if key not in target.inputs:
            message = f"{target.action} has no input {key!r}.{did_you_mean(key, target.inputs)}"
            yield Violation(place, RULE, message, key=True)
        if any(not has_in_reply(action, path) for action in before):
            yield Violation(place, RULE, f"no reply of {before[0].action} has {path!r}; correct it, or add it there.")
    for key, field in target.inputs.items():
        if field.required and key not in words.inputs and key not in file.model.inputs:
            message = f"{target.action} requires {key!r}: say in `inputs` where the reply before has it."
            yield Violation((part, "action"), RULE, message)


def _check_states(words: Poll, polled: Action) -> Iterator[Violation]:
    """Check that the fields that say how a job is doing are there, and that no value says two things."""
    for word in ("until", "failed"):
        for path, values in getattr(words, word).items():
            if not values:
                yield Violation(("poll", word, path), RULE, "list the values.", key=True)
            if not has_in_reply(polled, path):
                message = f"no reply of {polled.action} has {path!r}; correct it, or add it there."
                yield Violation(("poll", word, path), RULE, message, key=True)
    for path, values in words.failed.items():
        done = set(map(to_json_text, words.until.get(path, ())))
        for index, value in enumerate(values):
            if to_json_text(value) in done:
                message = f"{value!r} stands under `until` too; say it once."
                yield Violation(("poll", "failed", path, index), RULE, message)


def has_in_reply(action: Action, path: str) -> bool:
    """Whether a reply that the action's file shows has a path; of headers, and without any reply, nothing is known."""
    recorded: list[Any] = [reply.body for reply in action.replies if reply.status in range(200, 300)]
    bodies = [body for body in (action.returns.example, *recorded) if body is not None]
    is_in_header = parse_reply_path(path).header is not None
    return is_in_header or not bodies or any(has_path(body, path) for body in bodies)
