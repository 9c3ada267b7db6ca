"""A second connector: four styles of pagination, bracketed forms, nested errors, key and Basic."""

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
    "allowed_hosts": ["*.shop.example"],
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
                "user": {
                    "label": "User",
                    "help": "The user.",
                    "type": "string",
                    "required": True,
                    "to": "basic.username",
                },
                "password": {
                    "label": "Password",
                    "help": "The password.",
                    "type": "password",
                    "required": True,
                    "to": "basic.password",
                },
            },
        },
        "keyInQuery": {
            "label": "Key in the query",
            "kind": "api_key",
            "to": "query.key",
            "inputs": {"queryKey": {"label": "Key", "help": "The key.", "type": "password", "required": True}},
        },
    },
    "constants": {"header.X-Shop-Version": "2026-01"},
    "idempotency": {"to": "header.X-Once"},
    "errors": {
        "code": "error.code",
        "message": "error.text",
        "fields": "error.details",
        "rules": [
            {"category": "token_rejected", "status": 401, "code": "bad_key"},
            {"category": "cursor_expired", "status": 410, "code": "gone"},
        ],
    },
    "resources": {
        "orders": {
            "list": "/orders",
            "item": "/orders/{orderId}",
            "id": "number",
            "new_id": "integer",
            "lookup_fields": ["reference"],
            "seed": [{"number": 7, "reference": "first", "customer": {"name": "Ada"}}],
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
    },
    "sandbox": {
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


def text_input(to: str, **more: Any) -> dict[str, Any]:
    """Return an input of type string."""
    return {"label": to, "help": "A text.", "type": "string", "to": to, **more}


def integer_input(to: str, **more: Any) -> dict[str, Any]:
    """Return an input of type integer."""
    return text_input(to, **more) | {"type": "integer"}


def build_action(key: str, request: str, inputs: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    """Return the content of an action file."""
    return {"action": key, "label": key, "summary": "Does it.", "request": request, "inputs": inputs or {}, **more}


_ORDER_INPUTS = {
    "customerName": text_input("body.customer.name", required=True, max=20),
    "vip": text_input("body.customer.vip") | {"type": "boolean"},
    "reference": text_input("body.reference", pattern="^[a-z0-9-]+$"),
    "items": text_input("body.items") | {"type": "json", "example": [{"sku": "a-1"}]},
    "tags": text_input("body.tags") | {"type": "list of string", "min": 1},
    "total": text_input("body.total") | {"type": "number", "min": 0},
    "placedAt": text_input("body.placed_at") | {"type": "datetime"},
    "extra": text_input("body.extra") | {"type": "map of string"},
    "secret": text_input("body.secret") | {"type": "password"},
}
_FORM = {"body": "form", "form_nesting": "brackets", "lists": "brackets"}

ACTIONS = [
    build_action(
        "listOrders",
        "GET /orders",
        {
            "since": text_input("query.since") | {"type": "date"},
            "states": text_input("query.state") | {"type": "list of string"},
        },
        lists="comma",
        pagination={
            "items": "data.orders",
            "style": "page_number",
            "cursor_param": "query.page",
            "size_param": "query.per_page",
            "max_size": 50,
            "first": 0,
        },
        returns={
            "example": {
                "data": {"orders": [{"number": 4711, "reference": "spring-1", "state": "open"}]},
                "meta": {"total": 1, "total_pages": 1, "page": 0, "per_page": 50, "kind": 3},
            }
        },
    ),
    build_action("createOrder", "POST /orders", _ORDER_INPUTS, **_FORM, returns={"example": {"order": ORDER}}),
    build_action(
        "getOrder",
        "GET /orders/{orderId}",
        {"orderId": text_input("path.orderId", required=True)},
        returns={"example": {"order": ORDER}},
    ),
    build_action(
        "replaceOrder",
        "PUT /orders/{orderId}",
        {
            "orderId": text_input("path.orderId", required=True),
            **{k: {**v, "required": False} for k, v in _ORDER_INPUTS.items()},
        },
        returns={"example": {"order": {"number": 4711, "reference": "spring-1", "customer": {"name": "Ines"}}}},
    ),
    build_action(
        "deleteOrder",
        "DELETE /orders/{orderId}",
        {"orderId": text_input("path.orderId", required=True)},
        returns={"example": {"number": 4711, "deleted": True}},
    ),
    build_action(
        "listNotes",
        "GET /orders/{orderId}/notes",
        {"orderId": text_input("path.orderId", required=True)},
        pagination={
            "items": "notes",
            "style": "offset",
            "cursor_param": "query.offset",
            "size_param": "query.limit",
            "max_size": 20,
            "has_more": "has_more",
        },
        returns={
            "example": {"notes": [{"id": "x", "text": "Hi", "url": "/orders/1/notes/x"}], "has_more": False, "count": 1}
        },
    ),
    build_action(
        "addNote",
        "POST /orders/{orderId}/notes",
        {
            "orderId": text_input("path.orderId", required=True),
            "text": text_input("body.note.text", required=True, max=50),
            "stars": integer_input("body.note.stars", min=1, max=5),
        },
        returns={
            "example": {"id": "abc-1", "order_number": 1, "text": "Hi", "stars": 3, "url": "/orders/1/notes/abc-1"}
        },
    ),
    build_action(
        "listEvents",
        "GET /events",
        {},
        pagination={"items": ".", "style": "link_header", "size_param": "query.size", "max_size": 10},
        returns={"example": [{"id": "evt_1", "kind": "made"}]},
    ),
    build_action(
        "addEvent",
        "POST /events",
        {"kind": text_input("body.kind", choices={"made": "Made", "sold": "Sold"}, required=True)},
        returns={"example": {"id": "evt_1", "kind": "made"}},
    ),
    build_action(
        "listLogs",
        "GET /logs",
        {},
        pagination={
            "items": "logs",
            "style": "last_item",
            "next": "id",
            "cursor_param": "query.after",
            "max_size": 5,
            "has_more": "more",
        },
        returns={"example": {"logs": [{"id": 1, "line": "x"}], "more": False}},
    ),
    build_action(
        "addLog", "POST /logs", {"line": text_input("body.line")}, returns={"example": {"id": 1, "line": "x"}}
    ),
    build_action(
        "upload",
        "POST /files",
        {
            "title": text_input("body.title", required=True),
            "file": text_input("file.content", required=True) | {"type": "file"},
        },
        body="multipart",
        returns={"example": {"stored": True}},
    ),
    build_action("say", "POST /say", {"words": text_input("body", required=True) | {"type": "text"}}, body="text"),
    build_action(
        "typed",
        "POST /typed",
        {
            "names": text_input("body.names") | {"type": "map of string"},
            "days": text_input("body.days", join=",") | {"type": "list of integer"},
            "stars": text_input("body.stars") | {"type": "number"},
            "more": text_input("body.more", example={"a": 1}) | {"type": "json"},
        },
        returns={"example": {"done": True}},
    ),
    build_action("visits", "GET /visits", {}, returns={"example": {"visits": []}}),
    build_action(
        "addVisit", "POST /visits", {"who": text_input("body.who")}, returns={"example": {"id": "v", "who": "x"}}
    ),
    build_action("export", "GET /export", {}, returns={"type": "text", "example": "a;b\n1;2\n"}),
    build_action("picture", "GET /picture", {}, returns={"type": "binary", "example": "GIF89a"}),
    build_action(
        "searchOnce",
        "POST /search",
        {"words": text_input("body.words", required=True)},
        pagination={
            "items": "found",
            "style": "cursor",
            "next": "next",
            "cursor_param": "body.cursor",
            "size_param": "body.size",
            "max_size": 2,
        },
        returns={"example": {"found": [{"id": 1}, {"id": 2}, {"id": 3}], "next": None, "size": 2, "total": 3}},
    ),
    build_action(
        "ping", "GET /ping", {"loud": text_input("query.loud") | {"type": "boolean"}}, returns={"example": {"pong": 1}}
    ),
    build_action("pingLoudly", "GET /ping", {"volume": integer_input("query.volume", required=True, max=11)}),
]


def make_shop(folder: Path) -> Connector:
    """Write the connector's folder and open it."""
    (folder / "actions").mkdir(parents=True)
    (folder / "manifest.yaml").write_text(json.dumps(MANIFEST), encoding="utf-8")
    for one in ACTIONS:
        stem = "".join(f"-{char.lower()}" if char.isupper() else char for char in one["action"])
        (folder / "actions" / f"{stem}.yaml").write_text(json.dumps(one), encoding="utf-8")
    return Connector.open(folder)


def send_request(
    sandbox: Sandbox, method: str, path: str, *headers: tuple[str, str], body: bytes = b"", key: tuple[str, str] = KEY
) -> SandboxResponse:
    """Send a request below the base path, with key and version headers."""
    return sandbox.service.handle(method, f"/api/v1{path}", [key, VERSION, *headers], body)


def field_errors(answer: SandboxResponse) -> dict[str, str]:
    """Return the errors by field of a rejected request."""
    error = json.loads(answer.body)["error"]
    assert (answer.status, error["code"], error["text"]) == (422, "bad_request", "Look at the fields.")
    return {one["field"]: one["message"] for one in error["details"]}
