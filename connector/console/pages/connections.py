"""Connections: their state, a test, a sign-in, and their end."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from connector.cli.connections.connection_list import list_connection_rows
from connector.cli.connections.connection_test import run_connection_test
from connector.cli.connections.connection_view import ConnectionView, describe_store, format_test_result
from connector.cli.connections.sign_in import is_encrypted, keep_connection, sign_in_directly
from connector.console.forms.build import build_value_fields
from connector.console.forms.reading import list_entered, read_inputs, read_number, write_inputs
from connector.console.route import PageRoute
from connector.console.visit import Redirect, View
from connector.errors import ConnectorError, InputError, Problem, UsageError
from connector.first_use import prepare_pattern
from connector.runtime.auth.connection import Connection
from connector.runtime.auth.revocation import revoke
from connector.runtime.storage.memory_store import MemoryStore

if TYPE_CHECKING:
    from collections.abc import Sequence

    from connector.console.desk import Desk
    from connector.console.forms.field import Field
    from connector.console.visit import Answer, Visit
    from connector.definition.connection_type import ConnectionType

_MAX_PORT = 65_535
_NAME = prepare_pattern(r"[A-Za-z0-9][A-Za-z0-9_.@-]{0,99}")


def show_connections(desk: Desk, _: Visit) -> View:
    """List the stored connections of this connector, and the kinds that can be added."""
    data = {
        "rows": list_rows(desk),
        "kinds": desk.connector.manifest.connections,
        "store": "the sandbox's own store" if desk.context.sandbox else describe_store(desk.context),
    }
    return View("connections", "Connections", data)


def list_rows(desk: Desk) -> list[dict[str, Any]]:
    """Return the rows of the stored connections of this connector, each with why it cannot be used, if so."""
    rows = list_connection_rows(desk.context, desk.context.build_record_key(""))
    return [{**row.values, "why": "" if row.error is None else str(row.error)} for row in rows]


def _address(name: str) -> str:
    """Return the address of a connection's page; names that commands gave may have anything in them."""
    return f"/connections/{quote(name, safe='')}"


def show_connection(desk: Desk, visit: Visit) -> View:
    """Show everything about a connection, without its secrets."""
    name = visit.part("name")
    view = _get_view(desk, name)
    now = time.time()
    error = view.build_sign_in_error(desk.connector, now)
    known = desk.connector.manifest.connections.get(view.kind)
    data = {
        "name": name,
        "kind": known.label if known else view.kind,
        "details": view.to_dict(desk.connector, now),
        "why": "" if error is None else str(error),
    }
    return View("connection", name, data)


def _get_view(desk: Desk, name: str) -> ConnectionView:
    record = desk.context.read_record(name)
    if record is None:
        raise UsageError(f"There is no connection {name!r}.", hint="Choose one of the list.")
    return ConnectionView.from_record(desk.context.build_record_key(name), record)


def show_form(desk: Desk, visit: Visit) -> View:
    """Show the form of a new connection, or of one to sign in to again."""
    name, kind = visit.asked("name"), visit.asked("kind")
    if not (name or kind):  # a connection of this name
        return show_connection(desk, replace(visit, parts={"name": "new"}))
    record = desk.context.read_record(name) if name else None
    kind = record.kind if record is not None and not kind else kind
    fields = _list_fields(desk, kind)
    entered = write_inputs(fields, record.inputs) if record is not None and record.kind == kind else {}
    return _draw(desk, (kind, name or kind), entered)


def connect(desk: Desk, visit: Visit) -> Answer:
    """Sign in: at once with the inputs, or by a person in another window; then store the connection."""
    kind, name = visit.sent("kind"), visit.sent("name").strip()
    fields = _list_fields(desk, kind)
    entered = list_entered(visit)
    try:
        inputs = _collect_inputs(desk, visit, kind, name)
        target = (kind, name, inputs)
        if desk.context.sandbox_instance is None and _get_type(desk, kind).needs_person:
            port = read_number(f"connect {kind}", visit, "port", _MAX_PORT)
            return Redirect(f"/sign-ins/{desk.sign_ins.begin(target, port or 0)}")
        _sign_in(desk, target)
    except InputError as error:
        shown = {key: texts for key, texts in entered.items() if key in {field.name for field in fields}}
        return _draw(desk, (kind, name), shown, error.problems)
    desk.forget_client(name)
    return Redirect(_address(name), f"{name} is connected. {_test(desk, name)}")


def _collect_inputs(desk: Desk, visit: Visit, kind: str, name: str) -> dict[str, Any]:
    """Return the inputs: what was entered, over what is stored. Raises InputError with every problem."""
    problems: list[Problem] = []
    if not _NAME.fullmatch(name):
        expected = "letters, digits, dots and dashes, at most 100"
        problems.append(Problem("name", repr(name), expected, "choose another"))
    if not is_encrypted(desk.context) and visit.sent("unencrypted") != "yes":
        expected = "a yes: no key is set in CONNECTOR_KEY or CONNECTOR_KEY_FILE"
        problems.append(Problem("unencrypted", "no yes", expected, "tick the box, or set a key and start again"))
    inputs: dict[str, Any] = {}
    try:
        inputs = _merge_inputs(desk, visit, kind, name)
        Connection(desk.connector, kind, inputs)
    except InputError as error:
        problems += error.problems
    if problems:
        raise InputError.from_problems(f"connect {kind}", problems)
    return inputs


def _merge_inputs(desk: Desk, visit: Visit, kind: str, name: str) -> dict[str, Any]:
    if desk.context.sandbox_instance is not None:
        return desk.context.sandbox_instance.build_oauth_inputs(kind)
    entered = read_inputs(f"connect {kind}", _list_fields(desk, kind), visit)
    record = desk.context.read_record(name) if _NAME.fullmatch(name) else None
    return {**(record.inputs if record is not None and record.kind == kind else {}), **entered}


def _sign_in(desk: Desk, target: tuple[str, str, dict[str, Any]]) -> None:
    """Sign in without a person, or in the sandbox, which consents; store the connection. Raises ConnectorError."""
    from connector.runtime.auth.device_sign_in import begin_device_sign_in
    from connector.runtime.auth.sign_in import begin_sign_in, finish_sign_in

    kind, name, inputs = target
    context, scratch_store = desk.context, MemoryStore()
    if _get_type(desk, kind).kind == "oauth2_device_code":
        begin_device_sign_in(
            desk.connector, name=name, store=scratch_store, inputs=inputs, kind=kind, http=context.transport
        ).wait()
    elif _get_type(desk, kind).needs_person and context.sandbox_instance is not None:
        begun = begin_sign_in(
            desk.connector, name=name, redirect_uri="http://127.0.0.1/callback", store=scratch_store, inputs=inputs,
            kind=kind, http=context.transport,
        )  # fmt: skip
        callback_url = context.sandbox_instance.consent(begun.url)
        finish_sign_in(desk.connector, callback_url, store=scratch_store, http=context.transport)
    else:
        sign_in_directly(context, target, scratch_store)
    keep_connection(context, name, scratch_store)


def show_sign_in(desk: Desk, visit: Visit) -> Answer:
    """Show where a person signs in, until it is done or has failed."""
    one = desk.sign_ins.find(visit.part("key"))
    if one is None:
        raise UsageError("This sign-in is over.", hint="Begin it again.")
    if one.is_done:
        desk.forget_client(one.name)
        return Redirect(_address(one.name), f"{one.name} is connected.")
    return View("sign_in", f"Sign in to {desk.connector.manifest.label}", {"one": one, "key": visit.part("key")})


def try_connection(desk: Desk, visit: Visit) -> Redirect:
    """Make one call that changes nothing."""
    name = visit.part("name")
    _get_view(desk, name)
    try:
        return Redirect(_address(name), _test(desk, name))
    except ConnectorError as error:
        return Redirect(_address(name), f"The test failed: {error}", "failed")


def _test(desk: Desk, name: str) -> str:
    """Return what a test found, in sentences. Raises ConnectorError."""
    connection = desk.context.load_connection(name)
    assert connection is not None  # whose page it is
    result = run_connection_test(desk.context, connection, desk.get_client(name))
    identity = f"Connected as {result.identity}. " if result.identity else ""
    return f"{identity}{format_test_result(result)}"


def remove_connection(desk: Desk, visit: Visit) -> Redirect:
    """Revoke the tokens of a connection at the service, and forget it."""
    name = visit.part("name")
    _get_view(desk, name)
    if visit.sent("confirmed") != "yes":
        problem = Problem("confirmed", "no yes", f"a yes: {name} is then gone", "tick the box")
        raise InputError.from_problems("connections", [problem], undone="done")
    context = desk.context
    told: list[str] = []
    with context.lock(name):
        connection = context.load_connection(name) if visit.sent("revoke") == "yes" else None
        for revocation in [] if connection is None else revoke(connection, http=context.transport):
            end = f"not revoked: {revocation.error}" if revocation.error else "revoked at the service"
            told.append(f"The {revocation.token_kind} was {end}.")
        context.store.remove(context.build_record_key(name))
    desk.forget_client(name)
    return Redirect("/connections", " ".join([*told, f"{name} was removed."]))


def _get_type(desk: Desk, kind: str) -> ConnectionType:
    kinds = desk.connector.manifest.connections
    if kind not in kinds:
        raise UsageError(
            f"There is no kind of connection {kind!r}.", hint=f"It is one of {', '.join(kinds) or 'none'}."
        )
    return kinds[kind]


def _list_fields(desk: Desk, kind: str) -> tuple[Field, ...]:
    return build_value_fields(desk.connector, _get_type(desk, kind).inputs)


def _draw(desk: Desk, kind_and_name: tuple[str, str], entered: Any, problems: Sequence[Problem] = ()) -> View:
    kind, name = kind_and_name
    connection_type = _get_type(desk, kind)
    fields = () if desk.context.sandbox else _list_fields(desk, kind)
    record = desk.context.read_record(name) if _NAME.fullmatch(name) else None
    if record is not None and record.kind == kind:  # what is not entered again is kept
        fields = tuple(replace(one, required=False, empty="Kept") if one.is_write_only else one for one in fields)
    data = {
        "kind": kind,
        "connection_type": connection_type,
        "new_name": name,
        "fields": fields,
        "entered": entered,
        "problems": {problem.field: str(problem) for problem in problems},
        "wants_port": connection_type.needs_person and not desk.context.sandbox,
        "asks_unencrypted": not is_encrypted(desk.context),
    }
    return View("connect", f"Connect with {connection_type.label}", data, 422 if problems else 200)


ROUTES = (
    PageRoute("GET", "/connections", show_connections),
    PageRoute("GET", "/connections/new", show_form),
    PageRoute("POST", "/connections", connect, changes=True),
    PageRoute("GET", "/sign-ins/{key}", show_sign_in),
    PageRoute("GET", "/connections/{name:path}", show_connection),
    PageRoute("POST", "/connections/{name:path}/test", try_connection),
    PageRoute("POST", "/connections/{name:path}/remove", remove_connection, changes=True),
)
