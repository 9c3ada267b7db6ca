"""The copy of records: how many there are of each resource, their rows, one of them, what changed, and a sync."""

from __future__ import annotations

import contextlib
from concurrent.futures import wait
from typing import TYPE_CHECKING, Any

from connector.cli.calls.call import CallTask
from connector.cli.output.table import pick_columns
from connector.console.calls.answer import build_table
from connector.console.news import stream_news
from connector.console.rendering import format_json
from connector.console.route import PageRoute
from connector.console.visit import Redirect, View
from connector.core.records.kinds import RecordKinds
from connector.errors import InputError, Problem, UsageError
from connector.runtime.records.accounts import name_account
from connector.runtime.sync.sync import Sync

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from connector.console.desk import Desk
    from connector.console.visit import EventStream, Visit
    from connector.core.records.record import Record
    from connector.runtime.sync.sync import SyncReport

_MAX_ROWS = 200
_MAX_CHANGES = 50
_MAX_WAIT_SECONDS = 1.0  # seconds that a page waits for a sync


def show_records(desk: Desk, _: Visit) -> View:
    """Count the records of each resource, and show what changed last."""
    records, name = desk.records, desk.connector.name
    last = records.find_last_seq()
    counts = records.count(name)
    data = {
        "resources": {one: counts.get(one, 0) for one in desk.connector.manifest.resources},
        "changes": records.read_changes(name, max(0, last - _MAX_CHANGES))[::-1],
        **_describe_sync(desk),
        "connections": desk.list_connections(),
    }
    return View("records/list", "Records", data)


def stream_changes(desk: Desk, visit: Visit) -> EventStream:
    """Tell when the copy learns of something, and how far a sync is."""
    return stream_news(desk, visit, lambda: str(_describe_sync(desk)["seen"]))


def show_resource(desk: Desk, visit: Visit) -> View:
    """Show the rows of a resource."""
    resource = _read_resource(desk, visit)
    filters = {name: visit.asked(name) for name in ("account", "parent", "gone")}
    found = desk.records.find(
        desk.connector.name,
        resource,
        account=filters["account"] or None,
        parent=filters["parent"] or None,
        gone=bool(filters["gone"]),
        limit=_MAX_ROWS + 1,
    )
    shown = found[:_MAX_ROWS]
    data = {
        "resource": resource,
        "filters": filters,
        "has_parent": desk.connector.manifest.resources[resource].parent is not None,
        **_build_rows(desk, resource, shown),
        "has_more": len(found) > len(shown),
        **_describe_sync(desk),
        "connections": desk.list_connections(),
    }
    return View("records/resource", resource.replace("_", " ").capitalize(), data)


def _build_rows(desk: Desk, resource: str, records: Sequence[Record]) -> dict[str, Any]:
    """Return the columns of records beside their id, and each with its values there."""
    wanted = _find_columns(desk, resource, records)
    table = build_table(pick_columns([dict(one.data) for one in records], wanted))
    if table is None:
        return {"columns": (), "rows": [(record, ()) for record in records]}
    shown = [number for number, name in enumerate(table.columns) if name != "id"]
    rows = [(record, [values[number] for number in shown]) for record, values in zip(records, table.rows, strict=True)]
    return {"columns": [table.columns[number] for number in shown], "rows": rows}


def _find_columns(desk: Desk, resource: str, records: Sequence[Record]) -> Sequence[str]:
    """Return the columns that its listing shows, else all."""
    listing = desk.connector.derive(RecordKinds).find_listing(resource)
    wanted = CallTask(listing, {}).find_columns(desk.connector) if listing else ()
    return wanted or tuple({name: True for one in records for name in one.data})


def show_record(desk: Desk, visit: Visit) -> View:
    """Show a record, with when and how it was last seen."""
    resource, record_id, account = _read_resource(desk, visit), visit.asked("id"), visit.asked("account")
    record = desk.records.get(desk.connector.name, account or None, resource, record_id)
    if record is None:
        fix = "choose one of the list; where several accounts have it, name one there"
        problem = Problem("id", record_id, f"the id of one of the {resource} in the copy", fix)
        raise InputError.from_problems("records", [problem], undone="done")
    data = {"record": record, "resource": resource, "text": format_json(dict(record.data))}
    return View("records/record", f"{resource} {record.id}", data)


def sync(desk: Desk, visit: Visit) -> Redirect:
    """Begin to read the lists of a resource, or of all, into the copy; a long sync goes on beside the pages."""
    resource, name = visit.sent("resource"), visit.sent("connection")
    names = (resource,) if resource else desk.connector.derive(RecordKinds).list_readable()
    records, connector = desk.records, desk.connector
    work = Sync(connector, records, names, is_full=visit.sent("full") == "yes")
    client = desk.open_client(name or None, records)

    def read_lists(on_list: Callable[[SyncReport], None], on_item: Callable[[], None]) -> Sequence[SyncReport]:
        with contextlib.closing(client):
            account = name_account(connector, client.connection, records.account)
            return work.run(client, account, on_list, on_item)

    try:
        syncing = desk.syncs.begin(read_lists)
    except UsageError:
        client.close()
        raise
    wait([syncing.reports], _MAX_WAIT_SECONDS)
    return Redirect(f"/records/{resource}" if resource else "/records")


def _describe_sync(desk: Desk) -> dict[str, Any]:
    """Return what a page shows of the last sync, and what news of it are held against."""
    last = desk.syncs.last
    return {"syncing": last, "seen": f"{desk.records.find_last_seq()} {desk.syncs.describe()}".strip()}


def _read_resource(desk: Desk, visit: Visit) -> str:
    """Return the resource of the address. Raises InputError for an unknown one."""
    return desk.connector.derive(RecordKinds).check_names((visit.part("resource"),))[0]


ROUTES = (
    PageRoute("GET", "/records", show_records),
    PageRoute("GET", "/records/news", stream_changes),
    PageRoute("POST", "/records/sync", sync, changes=True),
    PageRoute("GET", "/records/{resource}", show_resource),
    PageRoute("GET", "/records/{resource}/record", show_record),
)
