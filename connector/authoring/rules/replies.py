"""Rules of recorded replies: each is run, and must be read as it states."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, get_args

from connector.authoring.draft import Violation
from connector.authoring.replies.comparison import compare_reading
from connector.authoring.replies.reading import build_reply, fill_base_url, read_reply
from connector.authoring.rules.examples import prepare_inputs
from connector.core.exchange.plan import CompiledConnector
from connector.core.json_path import get_from_reply, has_path
from connector.core.response.decoding import UnreadableBody
from connector.core.response.formats.reading import parse_error_body
from connector.definition.replies.error_format import ErrorCategory
from connector.definition.suggest import did_you_mean
from connector.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connector.authoring.draft import ParsedFile
    from connector.authoring.folder_reader import ConnectorFolder
    from connector.core.exchange.plan import CompiledAction
    from connector.core.request.builder import Request
    from connector.definition.action import Action
    from connector.definition.manifest import Manifest
    from connector.definition.parsers.strict_yaml import NodePath
    from connector.definition.replies.error_format import ErrorFormat
    from connector.definition.replies.reply_example import ReplyExample

RULE = "replies-run"
_CATEGORIES = get_args(ErrorCategory)
_RAW_CALL = {"method": "GET", "path": "/"}  # the call whose replies stand under `errors`


def check_action_replies(file: ParsedFile[Action], folder: ConnectorFolder) -> Iterator[Violation]:
    """Run the replies of an action, and compare what the client makes of them with what they expect."""
    if not file.is_valid or folder.manifest is None or not folder.manifest.is_valid:
        return
    for index, example in enumerate(file.model.replies):
        yield from check_reply(file.model, folder, ("replies", index), example)


def check_error_replies(file: ParsedFile[Manifest], folder: ConnectorFolder) -> Iterator[Violation]:
    """Run the replies under `errors`, as those to a GET."""
    if not file.is_valid:
        return
    for index, example in enumerate(file.model.errors.replies):
        path: NodePath = ("errors", "replies", index)
        if example.inputs is not None:
            yield Violation((*path, "inputs"), "no-effect", "a reply under `errors` belongs to no action.", key=True)
        yield from check_reply(None, folder, path, example)


def check_error_paths(file: ParsedFile[Manifest], folder: ConnectorFolder) -> Iterator[Violation]:
    """Check that each path of `errors` is in some recorded reply, where there are any of refusals."""
    examples = [*file.model.errors.replies, *(example for action in folder.actions for example in action.model.replies)]
    refusals = [example for example in examples if _is_refusal(example)]
    for where, path in _iter_error_paths(file.model.errors) if refusals else ():
        if not any(_has_path(example, path) for example in examples):
            yield Violation(where, "reply-path", f"no recorded reply has anything at {path!r}.")


def _iter_error_paths(errors: ErrorFormat) -> Iterator[tuple[NodePath, str]]:
    """Yield where `errors` has a path, and the path."""
    for word in ("failed", "code", "message", "fields", "retry_after"):
        value = getattr(errors, word)
        for index, entry in enumerate(value if isinstance(value, list) else [value] if value else []):
            where: NodePath = ("errors", word, index) if isinstance(value, list) else ("errors", word)
            if isinstance(entry, dict):
                yield from (((*where, path), path) for path in entry)
            else:
                yield where, entry


def _is_refusal(example: ReplyExample) -> bool:
    """Whether a reply is an error with data: by its status, or because a code is expected of it."""
    if _read_body(example) is None:
        return False
    return example.status // 100 in (4, 5) or example.expect.code is not None


def _has_path(example: ReplyExample, path: str) -> bool:
    headers = {name.lower(): value for name, value in example.headers.items()}
    body = _read_body(example)
    return get_from_reply(body, headers.get, path) is not None or has_path(body, path)


def _read_body(example: ReplyExample) -> Any:
    """Return the data of a body, which may be the text of a document in XML; None for any other text."""
    if not isinstance(example.body, str):
        return example.body
    try:
        return parse_error_body(build_reply(example)).value
    except UnreadableBody:
        return None


def check_reply(
    action: Action | None, folder: ConnectorFolder, path: NodePath, example: ReplyExample
) -> Iterator[Violation]:
    """Run one reply, of an action or of any call. Yield what differs from what it expects."""
    expected = example.expect
    if not expected.model_fields_set:
        yield Violation((*path, "expect"), RULE, "say what the client makes of the reply.", key=True)
    if expected.category is not None and expected.category not in _CATEGORIES:
        message = f"there is no category {expected.category!r}.{did_you_mean(expected.category, _CATEGORIES)}"
        yield Violation((*path, "expect", "category"), RULE, message)
        return
    compiled = folder.connector.derive(CompiledConnector)
    plan = compiled.raw_request if action is None else compiled.action(action.action)
    try:
        request = _build_request(plan, example, fill_base_url(folder.manifest_or_blank, plan.action.server))
    except InputError as error:
        for problem in error.problems:
            given = (*path, "inputs", problem.field) if problem.field in (example.inputs or {}) else path
            yield Violation(given, RULE, f"give `inputs` that make a request: {problem}", key=given == path)
        return
    for word, message in compare_reading(plan, expected, read_reply(plan, request, build_reply(example))):
        yield Violation((*path, "expect", word), RULE, f"{word}: {message}", key=True)


def _build_request(plan: CompiledAction, example: ReplyExample, base_url: str) -> Request:
    """Return the request that a reply answers. Raises InputError."""
    given: dict[str, Any] = dict(example.inputs or {})
    if plan.action.is_raw and example.inputs is None:
        given = dict(_RAW_CALL)
    elif example.inputs is None and plan.action.examples:
        given = dict(next(iter(plan.action.examples.values())).inputs)
    return plan.build_request(plan.validate(prepare_inputs(plan.action, given)), base_url=base_url)
