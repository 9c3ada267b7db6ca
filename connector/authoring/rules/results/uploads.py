"""Rules of uploads in steps: one file, a URL that the reply has, and what follows."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from connector.authoring.draft import Violation
from connector.authoring.rules.no_effect.actions import check_returned_words
from connector.authoring.rules.payloads import check_columns, check_payload_fits_schema
from connector.authoring.rules.results.failed_parts import check_failed_parts
from connector.authoring.rules.results.jobs import check_next_call, has_in_reply
from connector.definition.action import DATA_TYPES
from connector.definition.inputs.request_location import LATER_PARTS
from connector.definition.json_path import parse_reply_path

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connector.authoring.draft import ParsedFile
    from connector.authoring.folder_reader import ConnectorFolder
    from connector.definition.action import Action
    from connector.definition.replies.upload import Upload

RULE = "upload"
_METHODS = ("POST", "PUT", "PATCH")


def check_upload(file: ParsedFile[Action], folder: ConnectorFolder) -> Iterator[Violation]:
    """Check that a file can be sent where the reply says, and that nothing is said for nothing."""
    action = file.model
    yield from _check_places(file)
    if action.upload is None:
        return
    if action.method not in _METHODS or action.read_only:
        yield Violation(
            ("upload",), RULE, "a call that sends a file is a write: its request is a POST, PUT or PATCH.", key=True
        )
    if action.idempotent:
        message = "a file that is sent twice is there twice; remove it."
        yield Violation(("idempotent",), RULE, message, key=True)
    for word in ("poll", "pagination"):
        if (word,) in file.document.key_positions:
            yield Violation((word,), "no-effect", "the result is what `upload` or `then` returns; remove it.", key=True)
    yield from _check_url(action, action.upload)
    if action.then is not None:
        yield from check_next_call(file, folder, "then", action.then, [action])
        if "returns" in action.upload.model_fields_set:
            message = (
                "the result is what `then` returns, and of the reply to the bytes the status alone counts; remove it."
            )
            yield Violation(("upload", "returns"), "no-effect", message, key=True)
    elif action.upload.returns.type in DATA_TYPES and action.upload.returns.example is None:
        message = (
            "add `returns` with an `example` of the reply to the bytes, or name in `then` the action that follows."
        )
        yield Violation(("upload",), RULE, message, key=True)
    if action.then is None:
        yield from _check_returns(file, folder, action.upload)
    if action.upload.credential and folder.manifest is not None and not folder.manifest_or_blank.connections:
        message = "the manifest has no connections, and so there is no credential; remove it."
        yield Violation(("upload", "credential"), "no-effect", message, key=True)


def _check_returns(file: ParsedFile[Action], folder: ConnectorFolder, words: Upload) -> Iterator[Violation]:
    """Check what is said of the reply to the bytes as of any reply."""
    update: dict[str, Any] = {"returns": words.returns, "pagination": None, "replies": []}
    as_reply = replace(file, model=file.model.model_copy(update=update))
    for rule in (check_returned_words, check_payload_fits_schema, check_columns, check_failed_parts):
        for violation in rule(as_reply, folder):
            yield violation._replace(path=("upload", *violation.path))


def _check_places(file: ParsedFile[Action]) -> Iterator[Violation]:
    """Check that one input has the file, and that inputs for what follows are followed by something."""
    action = file.model
    files = [key for key, field in action.inputs.items() if field.location.part == "upload"]
    if action.upload is not None and not files:
        yield Violation(("upload",), RULE, "say which input has the file: `to: upload`.", key=True)
    for key, field in action.inputs.items():
        part = field.location.part
        if part in LATER_PARTS and str(field.location) != part:
            yield Violation(("inputs", key, "to"), RULE, f"write `to: {part}`: it has no places of its own here.")
        if part == "then" and action.then is None:
            yield Violation(
                ("inputs", key, "to"), RULE, "no action follows: add `then`, or name a place of the request."
            )
        if part != "upload":
            continue
        if action.upload is None:
            yield Violation(("inputs", key, "to"), RULE, "say with `upload` where the reply has the URL.")
        if field.type != "file":
            yield Violation(("inputs", key, "type"), RULE, "what is sent to the URL is of type file.")
        elif not field.required:
            yield Violation(("inputs", key), RULE, "the file is what the call is for: add `required: true`.", key=True)


def _check_url(action: Action, words: Upload) -> Iterator[Violation]:
    """Check that the reply has the URL."""
    is_in_header = parse_reply_path(words.url).header is not None
    if not is_in_header and action.returns.type not in ("json", "xml"):
        yield Violation(("upload", "url"), RULE, f"the reply has no fields: it is {action.returns.type}.")
    elif not has_in_reply(action, words.url):
        message = f"no reply of {action.action} has {words.url!r}; correct it, or add it there."
        yield Violation(("upload", "url"), RULE, message)
