"""A second connector, made on the spot: four ways of paging, forms with brackets, nested errors, a key and a pair."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from connector import Connector

if TYPE_CHECKING:
    from pathlib import Path

    from connector.sandbox.http.responses import SandboxResponse
    from connector.sandbox.sandbox import Sandbox

VERSION = ("X-Shop-Version", "2026-01")
KEY = ("X-Shop-Key", "k")

MANIFEST: dict[str, Any] = {
    "connector": "shop",
    "label": "Shop",
    "summary": "Work with the orders of a shop.",
    "base_url": "https://{region}.shop.example/api/v1",
    "hosts": ["*.shop.example"],
    "connections": {
        "key": {
            "label": "Key",
            "kind": "api_key",
            "to": "header.X-Shop-Key",
            "inputs": {
                "region": {"label": "Region", "help": "Where it is.", "type": "string", "required": True},
                "apiKey": {"label": "Key", "help": "The key.", "type": "password", "required": True},
            },
        },
        "pair": {
            "label": "Pair",
            "kind": "basic",
            "inputs": {
                "user": {"label": "User", "help": "The user.", "type": "string", "required": True},
                "password": {"label": "Password", "help": "The password.", "type": "password", "required": True},
            },
        },
        "keyInQuery": {
            "label": "Key in the query",
            "kind": "api_key",
            "to": "query.key",
            "inputs": {"queryKey": {"label": "Key", "help": "The key.", "type": "password", "required": True}},
        },
    },
    "always": {"header.X-Shop-Version": "2026-01"},
    "idempotency": {"header": "X-Once"},
    "errors": {
        "code": "error.code",
        "message": "error.text",
        "fields": "error.details",
        "means": [
            {"is": "token", "status": 401, "code": "bad_key"},
            {"is": "cursor", "status": 410, "code": "gone"},
        ],
    },
    "sandbox": {
        "orders": {
            "list": "/orders",
            "item": "/orders/{orderId}",
            "id": "number",
            "new_id": "integer",
            "also": ["reference"],
            "start": [{"number": 7, "reference": "first", "customer": {"name": "Ada"}}],
        },
        "notes": {
            "list": "/orders/{orderId}/notes",
            "item": "/orders/{orderId}/notes/{noteId}",
            "id": "id",
            "new_id": "uuid",
            "parent": "orders",
            "parent_id": "order_number",
        },
        "events": {"list": "/events", "item": "/events/{eventId}", "id": "id"},
        "logs": {"list": "/logs", "id": "id", "new_id": "integer"},
        "visits": {"list": "/visits", "id": "id"},
        "missing": {"status": 404, "code": "no_such", "message": "There is no {id}."},
        "invalid": {"status": 422, "code": "bad_request", "message": "Look at the fields."},
    },
}

ORDER = {
    "number": 4711,
    "reference": "spring-1",
    "customer": {"name": "Ines", "vip": False},
    "items": [{"sku": "a-1", "count": 2}],
    "tags": ["gift"],
    "total": 12.5,
    "paid": True,
    "placed_at": "2026-01-05T10:00:00Z",
    "extra": {"colour": "red"},
    "links": {"self": "https://shop.example/orders/4711", "v1": "https://shop.example/v1"},
}


def text(to: str, **more: Any) -> dict[str, Any]:
    """An input of type string."""
    return {"label": to, "help": "A text.", "type": "string", "to": to, **more}


def number(to: str, **more: Any) -> dict[str, Any]:
    """An input of type integer."""
    return text(to, **more) | {"type": "integer"}


def action(key: str, request: str, inputs: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    """An action's file."""
    return {"action": key, "label": key, "summary": "Does it.", "request": request, "inputs": inputs or {}, **more}


_ORDER_INPUTS = {
    "customerName": text("body.customer.name", required=True, max=20),
    "vip": text("body.customer.vip") | {"type": "boolean"},
    "reference": text("body.reference", pattern="^[a-z0-9-]+$"),
    "items": text("body.items") | {"type": "json", "example": [{"sku": "a-1"}]},
    "tags": text("body.tags") | {"type": "list of string", "min": 1},
    "total": text("body.total") | {"type": "number", "min": 0},
    "placedAt": text("body.placed_at") | {"type": "datetime"},
    "extra": text("body.extra") | {"type": "map of string"},
    "secret": text("body.secret") | {"type": "password"},
}
_FORM = {"sends": "form", "form_nesting": "brackets", "lists": "brackets"}

ACTIONS = [
    action(
        "listOrders",
        "GET /orders",
        {"since": text("query.since") | {"type": "date"}, "states": text("query.state") | {"type": "list of string"}},
        lists="comma",
        pages={
            "items": "data.orders",
            "by": "number",
            "send": "query.page",
            "size": "query.per_page",
            "max": 50,
            "first": 0,
        },
        returns={
            "example": {
                "data": {"orders": [{"number": 4711, "reference": "spring-1", "state": "open"}]},
                "meta": {"total": 1, "total_pages": 1, "page": 0, "per_page": 50, "kind": 3},
            }
        },
    ),
    action("createOrder", "POST /orders", _ORDER_INPUTS, **_FORM, returns={"example": {"order": ORDER}}),
    action(
        "getOrder",
        "GET /orders/{orderId}",
        {"orderId": text("path.orderId", required=True)},
        returns={"example": {"order": ORDER}},
    ),
    action(
        "replaceOrder",
        "PUT /orders/{orderId}",
        {
            "orderId": text("path.orderId", required=True),
            **{k: {**v, "required": False} for k, v in _ORDER_INPUTS.items()},
        },
        returns={"example": {"order": {"number": 4711, "reference": "spring-1", "customer": {"name": "Ines"}}}},
    ),
    action(
        "deleteOrder",
        "DELETE /orders/{orderId}",
        {"orderId": text("path.orderId", required=True)},
        returns={"example": {"number": 4711, "deleted": True}},
    ),
    action(
        "listNotes",
        "GET /orders/{orderId}/notes",
        {"orderId": text("path.orderId", required=True)},
        pages={
            "items": "notes",
            "by": "offset",
            "send": "query.offset",
            "size": "query.limit",
            "max": 20,
            "more": "has_more",
        },
        returns={
            "example": {"notes": [{"id": "x", "text": "Hi", "url": "/orders/1/notes/x"}], "has_more": False, "count": 1}
        },
    ),
    action(
        "addNote",
        "POST /orders/{orderId}/notes",
        {
            "orderId": text("path.orderId", required=True),
            "text": text("body.note.text", required=True, max=50),
            "stars": number("body.note.stars", min=1, max=5),
        },
        returns={
            "example": {"id": "abc-1", "order_number": 1, "text": "Hi", "stars": 3, "url": "/orders/1/notes/abc-1"}
        },
    ),
    action(
        "listEvents",
        "GET /events",
        {},
        pages={"items": ".", "by": "link", "size": "query.size", "max": 10},
        returns={"example": [{"id": "evt_1", "kind": "made"}]},
    ),
    action(
        "addEvent",
        "POST /events",
        {"kind": text("body.kind", choices={"made": "Made", "sold": "Sold"}, required=True)},
        returns={"example": {"id": "evt_1", "kind": "made"}},
    ),
    action(
        "listLogs",
        "GET /logs",
        {},
        pages={"items": "logs", "by": "last", "read": "id", "send": "query.after", "max": 5, "more": "more"},
        returns={"example": {"logs": [{"id": 1, "line": "x"}], "more": False}},
    ),
    action("addLog", "POST /logs", {"line": text("body.line")}, returns={"example": {"id": 1, "line": "x"}}),
    action(
        "upload",
        "POST /files",
        {"title": text("body.title", required=True), "file": text("file.content", required=True) | {"type": "file"}},
        sends="multipart",
        returns={"example": {"stored": True}},
    ),
    action("say", "POST /say", {"words": text("body", required=True) | {"type": "text"}}, sends="text"),
    action(
        "typed",
        "POST /typed",
        {
            "names": text("body.names") | {"type": "map of string"},
            "days": text("body.days", join=",") | {"type": "list of integer"},
            "stars": text("body.stars") | {"type": "number"},
            "more": text("body.more", example={"a": 1}) | {"type": "json"},
        },
        returns={"example": {"done": True}},
    ),
    action("visits", "GET /visits", {}, returns={"example": {"visits": []}}),
    action("addVisit", "POST /visits", {"who": text("body.who")}, returns={"example": {"id": "v", "who": "x"}}),
    action("export", "GET /export", {}, returns={"type": "text", "example": "a;b\n1;2\n"}),
    action("picture", "GET /picture", {}, returns={"type": "binary", "example": "GIF89a"}),
    action(
        "searchOnce",
        "POST /search",
        {"words": text("body.words", required=True)},
        pages={"items": "found", "by": "cursor", "read": "next", "send": "body.cursor", "size": "body.size", "max": 2},
        returns={"example": {"found": [{"id": 1}, {"id": 2}, {"id": 3}], "next": None, "size": 2, "total": 3}},
    ),
    action("ping", "GET /ping", {"loud": text("query.loud") | {"type": "boolean"}}, returns={"example": {"pong": 1}}),
    action("pingLoudly", "GET /ping", {"volume": number("query.volume", required=True, max=11)}),
]


def make_shop(folder: Path) -> Connector:
    """Write the connector's folder and open it."""
    (folder / "actions").mkdir(parents=True)
    (folder / "manifest.yaml").write_text(json.dumps(MANIFEST), encoding="utf-8")
    for one in ACTIONS:
        stem = "".join(f"-{char.lower()}" if char.isupper() else char for char in one["action"])
        (folder / "actions" / f"{stem}.yaml").write_text(json.dumps(one), encoding="utf-8")
    return Connector.open(folder)


def ask(
    box: Sandbox, method: str, path: str, *headers: tuple[str, str], body: bytes = b"", key: tuple[str, str] = KEY
) -> SandboxResponse:
    """Ask the service below its base path, with the key and the version header."""
    return box.service.handle(method, f"/api/v1{path}", [key, VERSION, *headers], body)


def told(answer: SandboxResponse) -> dict[str, str]:
    """The fields of a refusal."""
    error = json.loads(answer.body)["error"]
    assert (answer.status, error["code"], error["text"]) == (422, "bad_request", "Look at the fields.")
    return {one["field"]: one["message"] for one in error["details"]}
