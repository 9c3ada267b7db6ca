"""For every word of actions and connections: a place where it does nothing, or why it always does something."""

from __future__ import annotations

from typing import Any

from support.format_words.idle_in_manifests import (
    BOX,
    CHECKED,
    ITS_WORDS,
    MEMBER,
    OAUTH,
    ONE,
    POST,
    SCOPED,
    SHOWN,
    Idle,
    connection_of,
    input_of,
    text_input,
)

URL = "https://api.shelf.example/x"
BEARER = connection_of()
KEY = connection_of("api_key", to="query.key")
CHOSEN = input_of(choices={"a": "A", "b": "B"})
SIGNED = connection_of("signed", signature={"payload": "{query}", "to": "query.sign"})
JWT = connection_of("jwt", claims={"iss": "a"})
SESSION = connection_of("session", login={"action": "listBooks", "token": "token"})
CONNECTION_PLACE = "manifest connections one"
FIELD = f"{CONNECTION_PLACE} inputs secret"
TWO = {"inputs": {"one": ONE, "two": {**ONE, "label": "Two", "to": "query.two"}}}
NEEDED = {"inputs": {"one": ONE, "two": {**ONE, "label": "Two", "to": "query.two", "required": True, "example": "b"}}}
TEXT = {"returns": {"type": "text", "example": "a"}, "pagination": None}
FILES = {
    "returns": {"example": {"files": [{"url": URL, "name": "a", "kind": "txt"}]}},
    "pagination": None,
    "downloads": [{"items": "files", "url": "url", "name": ["name"], "extension": "kind"}],
}
UPLOAD_URL = {**POST, "returns": {"example": {"url": URL}}}
UPLOAD_FILE = {"label": "File", "help": "The file.", "type": "file", "required": True, "to": "upload", "example": "a"}
UPLOAD = {
    **UPLOAD_URL,
    "inputs": {"file": UPLOAD_FILE},
    "upload": {"url": "url"},
    "then": {"action": "listBooks"},
}
ENTRIES_FAILED = {"items": "rows", "failed": "error"}
FAILURES = {**POST, "returns": {"example": {"rows": [{"error": "a"}], "done": []}, "partial": ENTRIES_FAILED}}


def of_kind(word: str, value: Any, base: dict[str, Any] = BEARER) -> Idle:
    return Idle(f"{CONNECTION_PLACE} {word}", value, base, SCOPED if base is OAUTH else {})


def of_input(word: str, value: Any, **words: Any) -> Idle:
    return Idle(f"action inputs one {word}", value, action=input_of(**words))


ENTRIES: dict[str, dict[str, Idle | str]] = {
    "ConnectionType": {
        "issuer": of_kind("issuer", URL),
        "authorize_url": of_kind("authorize_url", URL),
        "token_url": of_kind("token_url", URL),
        "revoke_url": of_kind("revoke_url", URL),
        "device_authorization_url": of_kind("device_authorization_url", URL),
        "client_auth": of_kind("client_auth", "body"),
        "authorize_params": of_kind("authorize_params", {"a": "b"}),
        "token_params": of_kind("token_params", {"a": "b"}),
        "pkce": of_kind("pkce", False),
        "token_body": of_kind("token_body", "json"),
        "scope_separator": "the scopes of a token reply are parted by it",
        "token_field": of_kind("token_field", "a"),
        "base_url_from": of_kind("base_url_from", "a"),
        "login": of_kind("login", {"action": "listBooks", "token": "a"}),
        "signature": of_kind("signature", {"payload": "{query}", "to": "query.sign"}),
        "signature_method": of_kind("signature_method", "HMAC-SHA256"),
        "realm": of_kind("realm", "a"),
        "algorithm": of_kind("algorithm", "ES256"),
        "claims": of_kind("claims", {"iss": "a"}),
        "key_id": of_kind("key_id", "a"),
        "lifetime": of_kind("lifetime", 60),
        "allowed_actions": "raw requests are refused",
        "to": "the token goes there",
        "scheme": of_kind("scheme", "Bearer", KEY),
        "constants": "each is sent with every request",
        "unsupported_aliases": of_kind("unsupported_aliases", ["me"]),
        "hint": SHOWN,
        "test": of_kind("test", {"action": "listBooks"}, {**BEARER, "test": {"action": "listBooks"}}),
        "inputs": of_kind("inputs other", text_input()),
    },
    "Login": {"lifetime": "the session is renewed before it ends"},
    "RequestSignature": {
        "hash": "the signature is made by it",
        "format": "the signature is written by it",
        "secret": "the secret is read by it",
        "timestamp": "it is sent, and may be signed",
    },
    "SignedTimestamp": {"unit": "the time is written by it"},
    "ConnectionInput": {
        "to": "the value goes there",
        "scheme": Idle(f"{CONNECTION_PLACE} inputs other", text_input(to="query.other", scheme="Bot"), BEARER),
    },
    "FormField": {
        "group": SHOWN,
        "required": "a value must be given",
        "default": of_input("default", "a", required=True),
        "suggest": of_input("suggest", "b", default="a"),
        "hidden": SHOWN,
        "choices": of_input("choices", {"true": "Yes"}, type="boolean"),
        "allow_other": of_input("allow_other", True),
        "choices_from": of_input(
            "choices_from", {"action": "listBooks", "items": ".", "value": "id", "label": "id"}, type="boolean"
        ),
        "choices_file": of_input("choices_file", "rooms", choices={"a": "A"}),
        "min": of_input("min", 1, choices={"a": "A"}),
        "max": of_input("max", 9, type="boolean", example=True),
        "pattern": of_input("pattern", "[a-z]", choices={"a": "A"}),
        "format": of_input("format", "email", type="integer", example=1),
        "example": SHOWN,
    },
    "ChoicesFrom": {
        "inputs": "the listing is asked with them, and lint refuses unknown ones",
        "search": "the listing is asked with it, and lint refuses unknown ones",
    },
    "InputField": {
        "to": "the value goes there",
        "future": of_input("future", True),
        "unit": of_input("unit", "minutes"),
        "requires": Idle("action inputs one requires", "two", action=NEEDED),
        "conflicts_with": Idle("action inputs one conflicts_with", "two", action=NEEDED),
        "join": of_input("join", ","),
        "encode": of_input("encode", "uuid"),
        "wire": of_input("wire", "seconds"),
        "adds": "they go beside the value",
        "aliases": of_input("aliases", ["one"]),
        "was": of_input("was", ["one"]),
        "deprecated": SHOWN,
    },
    "VariantHolder": {"variants": of_input("variants", {"a": {"label": "A", "fields": {"a": MEMBER}}})},
    "MemberHolder": {"fields": of_input("fields", {"a": MEMBER})},
    "Input": {
        "use": Idle(
            "action inputs one label", "One", {"inputs": {"shared": ONE}}, {"inputs": {"one": {"use": "shared"}}}
        )
    },
    "Deprecation": {"use": SHOWN, "why": SHOWN},
    "Variant": {
        "when": Idle(
            "action inputs box variants",
            {
                "a": {"label": "A", "when": {"nothing": ["a"]}, "fields": {"x": MEMBER}},
                "b": {"label": "B", "fields": {"y": MEMBER}},
            },
            action={**POST, "inputs": {"box": BOX}},
        )
    },
    "PaginationSettings": {
        "style": "it chooses what the other words mean",
        "next": Idle("action pagination next", "next"),
        "cursor_param": Idle("action pagination cursor_param", "query.after"),
        "size_param": Idle("action pagination size_param", "query.limit"),
        "max_size": Idle("action pagination max_size", 5),
        "plus": Idle("action pagination plus", 1),
        "first": Idle("action pagination first", 5),
        "has_more": Idle("action pagination has_more", "more"),
        "is_last": Idle("action pagination is_last", "more"),
        "total": Idle("action pagination total", "total"),
        "keep": Idle("action pagination keep", ["total"]),
    },
    "ActionPagination": {"item": Idle("action pagination item", "node")},
    "ReplyExample": {"about": SHOWN, "inputs": CHECKED, "status": CHECKED, "headers": CHECKED, "body": CHECKED},
    "ExpectedReading": dict.fromkeys(
        (
            "category",
            "outcome",
            "code",
            "message",
            "fields",
            "retry_after",
            "data",
            "items",
            "complete",
            "next",
            "warnings",
        ),
        CHECKED,
    ),
    "Action": {
        "group": SHOWN,
        "was": Idle("action was", ["listBooks"]),
        "deprecated": SHOWN,
        "docs": SHOWN,
        "scopes": "errors and pages name them",
        "rate": Idle("action rate", "light"),
        "weight": Idle("action weight", 5, {"rates": {"plans": {"free": {"light": "5 at once"}}}}, {"rate": "light"}),
        "server": Idle(
            "action server", "uploads", {"servers": {"uploads": URL}}, {"request": "raw", "pagination": None}
        ),
        "connections": "a type that is added later may not run it",
        "subaccount": Idle("action subaccount", False),
        "read_only": Idle("action read_only", True),
        "idempotent": Idle("action idempotent", "It changes nothing at all."),
        "confirm": Idle("action confirm", False),
        "constants": "each is sent with every request",
        "body": Idle("action body", "form"),
        "content_type": Idle("action content_type", "text/plain"),
        "form_nesting": Idle("action form_nesting", "brackets"),
        "lists": Idle("action lists", "comma"),
        "inputs": "the request is made of them",
        "any_of": Idle("action any_of", [{"of": ["two"]}], action=NEEDED),
        "pagination": Idle("action pagination", {"items": "."}, action=TEXT),
        "poll": "the call waits for the job",
        "upload": Idle("action upload", {"url": "url"}, action=UPLOAD_URL),
        "then": Idle("action then", {"action": "listBooks"}),
        "downloads": Idle("action downloads", [{"items": ".", "url": "u", "name": ["n"]}], action=TEXT),
        "returns": ITS_WORDS,
        "replies": CHECKED,
        "examples": CHECKED,
    },
    "Scopes": {
        "classic": "errors and pages name them",
        "granular": "errors and pages name them",
        "all": "errors and pages name them",
    },
    "RequireOneOf": {
        "when": Idle(
            "action any_of",
            [{"of": ["one"], "when": {"two": ["c"]}}],
            action={"inputs": {"one": ONE, "two": {**ONE, "label": "Two", "to": "query.two", "choices": {"a": "A"}}}},
        )
    },
    "Poll": {
        "failed": Idle(
            "action poll failed",
            {"done": [True]},
            action={**POST, "poll": {"action": "listBooks", "until": {"done": [True]}}},
        ),
        "every": "the call asks that often",
        "timeout": "the call waits that long",
    },
    "NextCall": {"inputs": "the call has them, and lint refuses unknown ones"},
    "Upload": {
        "method": "the bytes are sent by it",
        "credential": Idle("action upload credential", True, action=UPLOAD),
        "file_name": "the request has it",
        "file_size": "the request has it",
        "file_type": "the request has it",
        "returns": Idle("action upload returns", {"type": "none"}, action=UPLOAD),
    },
    "FileListing": {
        "suffix": "file names end with it",
        "extension": "file names end with it",
        "may_be_json": Idle(
            "action downloads",
            [{"items": "files", "url": "url", "name": ["name"], "extension": "kind", "may_be_json": True}],
            action={**FILES, "downloads": None},
        ),
        "size": "progress is told by it",
        "token": "files are asked for with it",
    },
    "Returns": {
        "type": "the reply is read by it",
        "max_bytes": Idle(
            "action returns max_bytes", 5, action={"returns": {"type": "none", "example": None}, "pagination": None}
        ),
        "help": SHOWN,
        "partial": Idle("action returns partial", "errors", action=TEXT),
        "columns": Idle("action returns columns", ["a"], action=TEXT),
        "schema": Idle("action returns schema", "book", action=TEXT),
        "example": SHOWN,
    },
    "PartialFailure": {
        "items": "entries are told from a list of failures",
        "done": Idle("action returns partial", {**ENTRIES_FAILED, "done": "done"}, action=FAILURES),
        "code": "it is told of what failed",
        "message": "it is told of what failed",
    },
    "ExpectedRequest": dict.fromkeys(("method", "query", "headers", "body", "form"), CHECKED),
}
