"""`connector connections`: list, show, test and remove what is kept; make a key, seal anew with another."""

from __future__ import annotations

import json
import textwrap
import time
from typing import TYPE_CHECKING, Any

import click

from connector.cli.connections import connection_test as probe
from connector.cli.connections import telling
from connector.cli.connections.connection_view import KEYS, Entry, owner
from connector.cli.context import connection_names as names
from connector.cli.context.connection_context import Desk, place_options
from connector.cli.context.run_options import as_form, settings, store_option
from connector.cli.groups import Group, kept, shared
from connector.cli.output import errors as failure
from connector.cli.output import printer as output
from connector.errors import ConnectorError, StoreError, UsageError
from connector.runtime.auth import connection_record

if TYPE_CHECKING:
    from collections.abc import Iterable

    from connector.runtime.auth.revocation import Ended

_WIDTH = 100  # of a long value of `show`
_COLUMNS = ("name", "connector", "kind", "state", "expires", "scopes")
_name = click.argument("name", shell_complete=names.stored_names)


@click.group("connections", cls=Group, context_settings={"help_option_names": ["-h", "--help"]})
@shared
def connections_command() -> None:
    """The connections that are kept, of every connector; 'connector connect' makes one."""


@connections_command.command("list", help="Print the connections that are kept, and how each of their tokens stands.")
@place_options
@as_form
@shared
@click.pass_context
def list_command(context: click.Context, /, shape: str, **place: Any) -> int:
    """Print the connections that are kept."""
    desk = Desk.of(context, **place)
    rows, failed = _rows(desk)
    if shape == "json":
        output.write_json({"store": telling.kept_in(desk), "connections": rows})
    elif rows:
        from connector.cli.output import table

        cells = [tuple("" if row[name] is None else str(row[name]) for name in _COLUMNS) for row in rows]
        table.rows_under(_COLUMNS, cells, wrap=True)
    elif not kept(context, "quiet"):
        failure.say(f"Nothing is kept in {telling.kept_in(desk)}. 'connector connect' signs in.")
    return _told(failed)


def _told(failed: Iterable[ConnectorError]) -> int:
    """Tell what is wrong with connections, and return the exit code."""
    codes = []
    for error in failed:
        failure.say(failure.told(error))
        codes.append(failure.exit_code(error))
    return failure.worst(codes)


def _ended(desk: Desk, entry: Entry, now: float) -> list[ConnectorError]:
    """Return the error of a connection that has ended, with the command that signs in again."""
    error = entry.ended(desk.connector, now)
    if error is None:
        return []
    error.hint = f"Run: {desk.command('connect', entry.name)}"
    return [error]


def _rows(desk: Desk) -> tuple[list[dict[str, Any]], list[ConnectorError]]:
    """Return what is told of each connection, and what is wrong; one that cannot be read hides no other."""
    rows: list[dict[str, Any]] = []
    failed: list[ConnectorError] = []
    now = time.time()
    for key in desk.store.keys(KEYS):
        try:
            found = connection_record.read(desk.store, key)
        except StoreError as error:
            failed.append(error)
            connector, name = owner(key)
            rows.append({**dict.fromkeys(_COLUMNS), "name": name, "connector": connector, "state": "unreadable"})
            continue
        if found is not None:  # else it was removed a moment ago
            entry = Entry.of(key, found.data)
            rows.append(entry.row(desk.connector, now))
            failed += _ended(desk, entry, now)
    return rows, failed


@connections_command.command("show", help="Print everything that is known of a connection, secrets as ***.")
@_name
@place_options
@as_form
@shared
@click.pass_context
def show_command(context: click.Context, /, name: str, shape: str, **place: Any) -> int:
    """Print a connection."""
    desk = Desk.of(context, **place)
    found = desk.read(name)
    if found is None:
        raise names.unknown(desk, name)
    entry, now = Entry.of(desk.key(name), found.data), time.time()
    whole = {**entry.whole(desk.connector, now), "store": telling.kept_in(desk)}
    if shape == "json":
        output.write_json(whole)
    else:
        output.write_text("\n".join(_lines(whole)))
    return _told(_ended(desk, entry, now))


def _lines(whole: dict[str, Any]) -> Iterable[str]:
    """Yield labels and values in two columns; a long list goes on below itself."""
    rows = [(label, value) for label, value in _flat(whole) if value is not None]
    width = max(len(label) for label, _ in rows)
    for label, value in rows:
        first, *more = _wrapped(value, _WIDTH - width) if isinstance(value, list) else [_text(value)]
        yield f"{label:<{width}}  {first}"
        yield from (f"{'':<{width}}  {part}" for part in more)


def _flat(data: dict[str, Any]) -> Iterable[tuple[str, Any]]:
    """Yield labels and values, those of mappings with the mapping's name before theirs."""
    for label, value in data.items():
        if isinstance(value, dict):
            yield from ((f"{label}.{inner}", one) for inner, one in value.items())
        else:
            yield label, value


def _wrapped(words: list[Any], width: int) -> list[str]:
    text = ", ".join(map(str, words))
    return textwrap.wrap(text, width, break_long_words=False, break_on_hyphens=False) or [""]


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


@connections_command.command("test", help="Make one call that changes nothing, and print who is connected.")
@_name
@place_options
@as_form
@shared
@click.pass_context
def test_command(context: click.Context, /, name: str, shape: str, **place: Any) -> None:
    """Test a connection."""
    desk = Desk.of(context, **place)
    tested = probe.run(desk, names.resolve(desk, name))
    if shape == "json":
        output.write_json({"connection": name, "test": tested.to_dict()})
        return
    who = f" as {tested.who}" if tested.who else ""
    works = "" if tested.action is None else f"{name}: connected{who}. "
    output.write_text(f"{works}{telling.told(tested)}")


@connections_command.command("remove", help="End a connection's tokens at the service, and forget it.")
@_name
@click.option("--keep-token", is_flag=True, help="Only forget it; the service is not asked.")
@place_options
@as_form
@shared
@click.pass_context
def remove_command(context: click.Context, /, name: str, shape: str, *, keep_token: bool, **place: Any) -> None:
    """Remove a connection."""
    desk = Desk.of(context, **place)
    if name not in desk.names():
        raise names.unknown(desk, name)
    with desk.alone(name):
        ended = [] if keep_token else _revoked(desk, name)
        if not desk.store.remove(desk.key(name)):
            raise names.unknown(desk, name)
    if shape == "json":
        tokens = [{"token": one.what, "ended": not one.refusal, "said": one.refusal or None} for one in ended]
        output.write_json({"connection": name, "removed": True, "tokens": tokens})
        return
    output.write_text("\n".join([*map(_sentence, ended), f"{name} is forgotten."]))


def _revoked(desk: Desk, name: str) -> list[Ended]:
    """End a connection's tokens. Raises ConnectorError: then it is kept."""
    from connector.runtime.auth.revocation import revoke

    try:
        connection = desk.stored(name)
        return [] if connection is None else revoke(connection, http=desk.http)
    except ConnectorError as error:
        forget = desk.command("connections", "remove", name, "--keep-token")
        error.hint = f"{error.hint} To forget it without asking the service: {forget}".strip()
        raise


def _sentence(ended: Ended) -> str:
    if not ended.refusal:
        return f"The {ended.what} was ended at the service."
    return f"The {ended.what} was not ended at the service: {ended.refusal}."


@connections_command.command("key", help="Print a new key, to be put into CONNECTOR_KEY.")
@shared
def key_command() -> None:
    """Print a new key."""
    from connector.runtime.storage.encryption import new_key

    output.write_text(new_key())


@connections_command.command("rotate", help="Seal everything in the store with the first key of CONNECTOR_KEY.")
@store_option
@shared
@click.pass_context
def rotate_command(context: click.Context, store: str | None) -> None:
    """Seal anew."""
    from connector.runtime.storage.encryption import VARIABLE, Sealed, rotate
    from connector.runtime.storage.open import open_store

    place = open_store(settings(context, store=store).get("store").value)
    if not isinstance(place, Sealed):
        raise UsageError("No key is set.", hint=f"Set {VARIABLE} to the new key and, behind a comma, the old one.")
    count = rotate(place)
    many = "1 record was" if count == 1 else f"{count} records were"
    output.write_text(f"{many} sealed with key {place.given.fingerprints[0]}.")
