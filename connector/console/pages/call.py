"""One action: its form with live choices, a dry run, a run, and what came of it."""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING, Any

from connector.console.calls.answer import MAX_TEXT, build_answer
from connector.console.calls.live_choices import find_choices, list_live_inputs
from connector.console.calls.make import make_call
from connector.console.calls.preview import preview_call
from connector.console.forms.build import build_fields
from connector.console.forms.field import Option
from connector.console.forms.reading import list_entered, read_inputs, read_number, write_inputs
from connector.console.rendering import format_json
from connector.console.route import PageRoute
from connector.console.visit import Attachment, Redirect, View
from connector.core import redaction
from connector.core.exchange.plan import compile_action
from connector.core.inputs.typed_text import compile_text_reader
from connector.core.invalid_value import InvalidValue
from connector.errors import ConnectorError, InputError, Problem, UsageError
from connector.first_use import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from connector.console.desk import Desk
    from connector.console.forms.field import Field
    from connector.console.outcome import Outcome
    from connector.console.visit import Answer, Visit
    from connector.definition.action import Action

_MAX_OPEN = 6  # inputs that are shown beside those that must be filled in
_MAX_LIMIT = 1_000_000_000  # items
_DEFAULT_LIMIT = "50"  # items of a listing


@dataclass(frozen=True, slots=True)
class _Found:
    """Live choices of one field, or why there are none."""

    options: Sequence[Option] = ()
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _State:
    """What a form shows beside its fields."""

    entered: Mapping[str, Sequence[str]] = field(default_factory=dict)
    connection: str = ""
    limit: str = _DEFAULT_LIMIT
    problems: Sequence[Problem] = ()
    live: Mapping[str, _Found] = field(default_factory=dict)
    shown: Mapping[str, Any] = field(default_factory=dict)  # the result or the dry run


def show_form(desk: Desk, visit: Visit) -> View:
    """Show an action's form: empty, with the inputs of a run, or with what came of a call."""
    action = desk.connector.action(visit.part("action"))
    outcome = desk.outcomes.find(visit.asked("result"))
    if outcome is not None and outcome.action == action.action:
        return _show_outcome(desk, visit, action, outcome)
    run = desk.log.get(visit.asked("run")) if visit.asked("run") and desk.log is not None else None
    if run is None or run.action != action.action:
        return _draw(desk, action, _State())
    kept = {key: value for key, value in run.inputs.items() if key not in run.hidden_inputs}
    connection = run.connection if run.connection in desk.context.list_names() else ""
    problems = [Problem(key, "nothing: its value was not kept", "the value") for key in run.hidden_inputs]
    entered = write_inputs(_list_fields(desk, action), kept)
    return _draw(desk, action, _State(entered=entered, connection=connection, problems=problems))


def look_up_choices(desk: Desk, visit: Visit) -> View:
    """Show the form as it was filled in, with the live choices of one input."""
    action = desk.connector.action(visit.part("action"))
    name = visit.sent("choices")
    try:
        given = _read_given(desk, action, visit)
        client = desk.get_client(visit.sent("connection") or None)
        choices = find_choices(desk, action, name, {key: given[key] for key in given if key != name}, client)
    except ConnectorError as error:
        return _draw(desk, action, _read_state(visit, live={name: _Found(why=str(error))}))
    text = (list_entered(visit).get(name) or [""])[-1].strip().casefold()
    fits = [one for one in choices if text in f"{one.value} {one.label}".casefold()] or choices
    options = [Option(value=str(one.value), label=one.label) for one in fits]
    found = _Found(options, "" if options else "The service lists none.")
    return _draw(desk, action, _read_state(visit, live={name: found}))


def dry_run(desk: Desk, visit: Visit) -> View:
    """Show the request of a call, and how the call is written elsewhere; nothing is sent."""
    action = desk.connector.action(visit.part("action"))
    try:
        given = _read_given(desk, action, visit)
        preview = preview_call(desk, action, given, visit.sent("connection"))
    except InputError as error:
        return _draw(desk, action, _read_state(visit, problems=error.problems), 422)
    return _draw(desk, action, _read_state(visit, shown={"preview": preview}))


def run(desk: Desk, visit: Visit) -> Answer:
    """Run a call, and lead to what came of it."""
    action = desk.connector.action(visit.part("action"))
    if desk.read_only and not action.is_read:
        raise UsageError(f"This console only reads, and {action.action} does not.", hint="Nothing was sent.")
    try:
        given = _read_given(desk, action, visit)
        _check_confirmed(action, given, visit)
        options, entered = _read_options(action, visit), list_entered(visit)
        address = make_call(desk, action, given, options, entered, is_click=visit.is_from_page)
    except InputError as error:
        return _draw(desk, action, _read_state(visit, problems=error.problems), 422)
    return Redirect(address)


def _read_given(desk: Desk, action: Action, visit: Visit) -> dict[str, Any]:
    """Return what was entered, as a person may write it: 1h30m, a time with a blank. Raises InputError."""
    given = read_inputs(action.action, _list_fields(desk, action), visit)
    problems: list[Problem] = []
    for key, value in given.items():
        if isinstance(value, str):
            try:
                given[key] = compile_text_reader(action.inputs[key], desk.connector.choices)(value)
            except InvalidValue as invalid:
                problems.append(Problem(key, redaction.preview(value), invalid.expected, invalid.fix))
    if problems:
        raise InputError.from_problems(action.action, [*problems, *_find_others(desk, action, given, problems)])
    return given


def _find_others(desk: Desk, action: Action, given: Mapping[str, Any], told: Sequence[Problem]) -> list[Problem]:
    """Return the problems of the other inputs, so that all are told at once."""
    keys = {problem.field for problem in told}
    try:
        compile_action(desk.connector, action.action).validate(given)
    except InputError as error:
        return [problem for problem in error.problems if problem.field not in keys]
    return []


def _check_confirmed(action: Action, given: Mapping[str, Any], visit: Visit) -> None:
    may_destroy = action.is_destructive or (action.is_raw and str(given.get("method", "")).upper() == "DELETE")
    if may_destroy and visit.sent("confirmed") != "yes":
        problem = Problem("confirmed", "no yes", "a yes, since it may destroy something", "tick the box")
        raise InputError.from_problems(action.action, [problem])


def _read_options(action: Action, visit: Visit) -> dict[str, Any]:
    """Return the options of the call. Raises InputError for a limit that is none."""
    options: dict[str, Any] = {"connection": visit.sent("connection") or None}
    limit = read_number(action.action, visit, "limit", _MAX_LIMIT) if action.pagination is not None else None
    return options if limit is None else {**options, "limit": limit}


def keep_data(desk: Desk, visit: Visit) -> Attachment:
    """Return the data of a result as a file, without secrets. Raises UsageError where it is not kept any more."""
    outcome = desk.outcomes.find(visit.part("result"))
    if outcome is None or outcome.result is None:
        raise UsageError("This result is not kept any more.", hint="Run the action again.")
    answer = build_answer(desk.connector, outcome.action, outcome.result)
    return Attachment(f"{outcome.action}.json", format_json(answer.data).encode(), "application/json")


def _show_outcome(desk: Desk, visit: Visit, action: Action, outcome: Outcome) -> View:
    query, form = visit.asked("query"), visit.asked("as") or "table"
    shown: dict[str, Any] = {"outcome": outcome, "key": visit.asked("result"), "query": query}
    shown["is_second"] = bool(visit.asked("second"))
    if outcome.result is not None:
        answer = build_answer(desk.connector, outcome.action, outcome.result, query)
        text = format_json(answer.data)
        shown |= {"answer": answer, "as": form if answer.table else "json", "text": text[:MAX_TEXT]}
        shown |= {"is_cut": len(text) > MAX_TEXT}
    return _draw(desk, action, _State(entered=outcome.entered, connection=outcome.connection, shown=shown))


def _read_state(visit: Visit, **more: Any) -> _State:
    connection, limit = visit.sent("connection"), visit.sent("limit")
    return _State(entered=list_entered(visit), connection=connection, limit=limit, **more)


def _list_fields(desk: Desk, action: Action) -> tuple[Field, ...]:
    return build_fields(desk.connector.form_schema(action.action))


def _draw(desk: Desk, action: Action, state: _State, status: int = 200) -> View:
    fields = _list_fields(desk, action)
    plain = [one for one in fields if not (one.required or one.hidden or one.control == "group")][:_MAX_OPEN]
    first = [one for one in fields if one.required or one in plain or _is_in_use(one, state)]
    rest = [one for one in fields if one not in first]
    headings: dict[str, list[Field]] = {}
    for one in rest:
        headings.setdefault(one.heading, []).append(one)
    data = {
        "action": action,
        "first": first,
        "live_inputs": list_live_inputs(desk.connector, action),
        "headings": headings,
        "problems": {problem.field: str(problem) for problem in state.problems},
        "connections": desk.list_connections(),
        "is_listing": action.pagination is not None,
        "may_run": action.is_read or not desk.read_only,
        "state": state,
    }
    return View("action", action.label, data, status)


def _is_in_use(one: Field, state: _State) -> bool:
    """Whether something was entered in a field, or is wrong with it; or with a member of it."""
    names = {*state.entered, *(problem.field for problem in state.problems)}
    return any(name.partition(".")[0] == one.name for name in names)


ROUTES = (
    PageRoute("GET", "/actions/{action}", show_form),
    PageRoute("POST", "/actions/{action}/choices", look_up_choices),
    PageRoute("POST", "/actions/{action}/dry-run", dry_run),
    PageRoute("POST", "/actions/{action}/run", run),
    PageRoute("GET", "/results/{result}/data.json", keep_data),
)
