"""Replay of a recording: each reply is matched to its action, read, and held against the definition's paths."""

from __future__ import annotations

import json
import re
from dataclasses import field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote, urlsplit

from connector.authoring.replies.reading import read_reply
from connector.cli.testing.checks import Check
from connector.core.exchange.plan import CompiledConnector
from connector.core.json_path import get_at_path, get_from_reply
from connector.core.redaction import MASK
from connector.core.request.body import Body
from connector.core.request.builder import Request
from connector.definition.inputs.request_location import RequestLocation
from connector.errors import ApiError, PageError
from connector.first_use import dataclass, prepare_pattern

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from connector.authoring.draft import ParsedFile
    from connector.authoring.folder_reader import ConnectorFolder
    from connector.authoring.replies.reading import ReplyReading
    from connector.core.exchange.plan import CompiledAction
    from connector.definition.action import Action
    from connector.definition.parsers.strict_yaml import NodePath
    from connector.errors import Finding
    from connector.runtime.files.har import RecordedCall

_PLACEHOLDER = prepare_pattern(r"\{[^{}]*\}")
_PAGE_PATHS = ("next", "has_more", "is_last", "total")  # of pagination, where the style reads them in the reply


@dataclass
class _ReplayedAction:
    """What a recording has of one action: its calls in order, each with what the client makes of the reply."""

    file: ParsedFile[Action]
    plan: CompiledAction
    calls: list[tuple[RecordedCall, Request, ReplyReading]] = field(default_factory=list)


def iter_replay_checks(folder: ConnectorFolder, calls: Sequence[RecordedCall]) -> Iterator[Check]:
    """Replay recorded calls. Nothing is sent."""
    replay = _Replay(folder)
    unmatched = [call for call in calls if not replay.add(call)]
    for replayed in replay.by_key.values():
        for index, (call, _, reading) in enumerate(replayed.calls):
            problems = [*_check_reading(replayed, call, reading), *_check_next_page(replayed, index)]
            yield Check("recorded", f"{replayed.file.model.action}: call {call.number}", tuple(problems))
        yield _check_paths(replayed)
    yield from _check_error_paths(folder, replay.by_key.values())
    for call in unmatched:
        path = urlsplit(call.url).path
        yield Check("recorded", f"call {call.number}", notes=(f"no action has the request {call.method} {path}.",))


class _Replay:
    """Matches recorded calls to actions: by method and path, and by constants where several have both."""

    def __init__(self, folder: ConnectorFolder) -> None:
        self.folder = folder
        self.by_key: dict[str, _ReplayedAction] = {}
        self._compiled = folder.connector.derive(CompiledConnector)
        files = [file for file in folder.actions if not file.model.is_raw]
        files.sort(key=lambda file: (file.model.path.count("{"), -len(file.model.constants)))
        self._patterns = [(self._compile_url(file.model), file) for file in files]

    def _compile_url(self, action: Action) -> re.Pattern[str]:
        """Return the pattern of an action's URLs, at any host: a sandbox may have been recorded as well."""
        base_path = urlsplit(self.folder.manifest_or_blank.find_url(action.server)).path
        return re.compile(rf"(https?://[^/]+{_to_pattern(base_path)})({_to_pattern(action.path)}/?)\Z")

    def add(self, call: RecordedCall) -> bool:
        """Read a call's reply as its action does; return whether an action has the request."""
        parts = urlsplit(call.url)
        url = f"{parts.scheme}://{parts.netloc}{parts.path}"
        query = tuple(parse_qsl(parts.query, keep_blank_values=True))
        for pattern, file in self._patterns:
            match = pattern.match(url) if file.model.method == call.method else None
            if match is not None and _has_constants(file.model, call, query):
                plan = self._compiled.action(file.model.action)
                body = None if call.body is None else Body(file.model.body, call.body, None)
                request = Request(
                    call.method,
                    match[2],
                    query,
                    (),
                    body,
                    file.model.returns.type,
                    match[1],
                    file.model.returns.max_bytes,
                )
                reading = read_reply(plan, request, call.reply)
                entry = self.by_key.setdefault(file.model.action, _ReplayedAction(file, plan))
                entry.calls.append((call, request, reading))
                return True
        return False


def _to_pattern(template: str) -> str:
    return "[^/]+".join(map(re.escape, _PLACEHOLDER.split(template)))


def _has_constants(action: Action, call: RecordedCall, query: tuple[tuple[str, str], ...]) -> bool:
    """Whether a call has the constants of an action in its query and its JSON body."""
    for to, value in action.constants.items():
        location = RequestLocation.parse(to)
        if location.part == "query" and dict(query).get(".".join(location.path)) != str(value):
            return False
        is_json = location.part == "body" and isinstance(call.body, dict)
        if is_json and get_at_path(call.body, ".".join(location.path)) != value:
            return False
    return True


def _build_finding(replayed: _ReplayedAction, path: NodePath, message: str) -> Finding:
    return replayed.file.document.build_finding(path, "recording", message, key=True)


def _check_reading(replayed: _ReplayedAction, call: RecordedCall, reading: ReplyReading) -> Iterator[Finding]:
    """Report a reply that the client cannot read, or an error of which it reads nothing."""
    error = reading.error
    if isinstance(error, PageError) and reading.category is None:
        yield _build_finding(replayed, ("pagination",), f"call {call.number}: {error}")
    elif error is not None and call.reply.is_success and reading.category in ("unreadable", "cut"):
        yield _build_finding(replayed, ("returns",), f"call {call.number}: {error}")
    elif isinstance(error, ApiError) and error.code is None and not error.message:
        yield _build_finding(replayed, ("request",), f"call {call.number}: `errors` reads nothing of the refusal.")


def _check_next_page(replayed: _ReplayedAction, index: int) -> Iterator[Finding]:
    """Compare the request of the next page with the next recorded call of the action, where that is a page of it."""
    if replayed.plan.pagination is None or index + 1 >= len(replayed.calls):
        return
    (call, request, reading), (following, recorded, _) = replayed.calls[index : index + 2]
    if reading.error is not None or not _is_next_page(replayed.file.model, request, recorded):
        return
    expected = reading.next_request
    if expected is None:
        message = f"call {call.number} ends the list, but call {following.number} is its next page."
        yield _build_finding(replayed, ("pagination",), message)
    elif _identify(expected) != _identify(recorded):
        message = (
            f"call {call.number}: the next page is {expected.request_target}; recorded is {recorded.request_target}."
        )
        yield _build_finding(replayed, ("pagination",), message)


def _is_next_page(action: Action, request: Request, recorded: Request) -> bool:
    """Whether a request may be the next page of another: they differ in what no input of the action sets."""
    if request.path != recorded.path or _identify(request) == _identify(recorded):
        return False
    inputs = {".".join(field.location.path) for field in action.inputs.values() if field.location.part == "query"}
    changed = {name for name, _ in set(request.query) ^ set(recorded.query)}
    return not changed & inputs


def _identify(request: Request) -> tuple[Any, ...]:
    """Return what tells two requests apart; secrets that a recording has masked do not."""
    query = sorted((name, value) for name, value in request.query if MASK not in value)
    return unquote(request.path), query, request.body.value if request.body else None


def _check_paths(replayed: _ReplayedAction) -> Check:
    """Tell the paths of an action that none of its recorded replies has."""
    action = replayed.file.model
    results = [(call, reading.result) for call, _, reading in replayed.calls if reading.result is not None]
    notes, problems = [], []
    if results and replayed.plan.pagination is not None:
        pagination = replayed.plan.pagination
        if not any(isinstance(get_at_path(result.data, pagination.items), list) for _, result in results):
            message = f"no recorded reply has a list at {pagination.items!r}."
            problems.append(_build_finding(replayed, ("pagination", "items"), message))
        for word in _PAGE_PATHS:
            path = getattr(pagination, word, None)
            if path is None or pagination.style in ("last_item", "link_header"):
                continue
            if all(get_from_reply(result.data, call.reply.header, path) is None for call, result in results):
                notes.append(f"no recorded reply has {word}: {path}.")
    return Check("recorded", f"{action.action}: paths", tuple(problems), tuple(notes))


def _check_error_paths(folder: ConnectorFolder, replayed: Iterable[_ReplayedAction]) -> Iterator[Check]:
    """Tell the paths of `errors` that no recorded refusal has."""
    calls = [call for entry in replayed for call, _, reading in entry.calls if reading.error is not None]
    if not calls:
        return
    notes = []
    for word in ("code", "message", "fields"):
        path = getattr(folder.manifest_or_blank.errors, word)
        if isinstance(path, str) and not any(_has_error_path(call, path) for call in calls):
            notes.append(f"no recorded refusal has {word}: {path}.")
    yield Check("recorded", "errors: paths", notes=tuple(notes))


def _has_error_path(call: RecordedCall, path: str) -> bool:
    try:
        data = json.loads(call.reply.body)
    except ValueError:
        data = None
    return get_from_reply(data, call.reply.header, path) is not None
