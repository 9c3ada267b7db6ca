"""For every word of the format: a place where it does nothing, or why it always does something."""

from __future__ import annotations

from typing import Any, NamedTuple

SHOWN = "people read it"
CHECKED = "it is compared with what the code makes of a request or a reply"
ITS_WORDS = "it holds words that have entries of their own"


class Idle(NamedTuple):
    """A word where it does nothing: `place` is `manifest a b` or `action a b`, beside what else the files say."""

    place: str
    value: Any
    manifest: dict[str, Any] = {}
    action: dict[str, Any] = {}


ONE = {"label": "One", "help": "One more.", "type": "string", "to": "query.one", "example": "a"}
MEMBER = {"label": "Room", "help": "Which one.", "type": "string", "example": "a"}
BOX = {**ONE, "type": "object", "to": "body.box", "fields": {"room": MEMBER}, "example": {"room": "a"}}
PASSWORD = {"label": "Secret", "help": "A secret.", "type": "password", "required": True}
POST = {"request": "POST /books", "pagination": None}


def input_of(**words: Any) -> dict[str, Any]:
    return {"inputs": {"one": {**ONE, **words}}}


def connection_of(kind: str = "bearer", **words: Any) -> dict[str, Any]:
    return {"connections": {"one": {"label": "One", "kind": kind, "inputs": {"secret": PASSWORD}, **words}}}


def text_input(**words: Any) -> dict[str, Any]:
    return {"label": "Text", "help": "A text.", "type": "string", "required": True, **words}


OAUTH = connection_of(
    "oauth2",
    authorize_url="https://api.shelf.example/a",
    token_url="https://api.shelf.example/t",
    inputs={"clientId": text_input()},
)
SCOPED = {"scopes": "none"}
OTHER_CLOUD = {"label": "Second", "base_url": "https://api.other.example", "allowed_hosts": ["api.other.example"]}
CLOUDS = {"clouds": {"first": {"label": "First"}, "second": OTHER_CLOUD}}
SIGNATURE = {"header": "X-Signature", "payload": "{body}", "format": "{hex}"}


def trigger_of(**words: Any) -> dict[str, Any]:
    own = {
        "label": "Events",
        "summary": "What happens.",
        "inputs": {"secret": PASSWORD},
        "signature": SIGNATURE,
        "event": {"name": "kind"},
        "dedupe": ["id"],
    }
    return {"triggers": {"one": {**own, **words}}}


KEYLESS = {"triggers": {"one": {k: v for k, v in trigger_of()["triggers"]["one"].items() if k != "signature"}}}


def signed_of(**words: Any) -> dict[str, Any]:
    return trigger_of(signature={**SIGNATURE, **words})


def resource_of(**words: Any) -> dict[str, Any]:
    return {"resources": {"books": {"list": "/books", "id": "id", **words}}}


ENTRIES: dict[str, dict[str, Idle | str]] = {
    "Manifest": {
        "format": "it says how the file is read",
        "version": SHOWN,
        "requires": "an older package refuses the file",
        "docs": SHOWN,
        "servers": Idle("manifest servers", {"uploads": "https://api.shelf.example/up"}),
        "allowed_hosts": "credentials go nowhere else",
        "clouds": Idle("manifest clouds", {"only": {"label": "Only"}}),
        "connections": "it is a way to sign in",
        "test": Idle("manifest test", {"action": "listBooks"}, connection_of(test={"action": "listBooks"})),
        "scope_levels": Idle("manifest scope_levels", ["admin"]),
        "constants": "each is sent with every request",
        "inputs": Idle("manifest inputs", {"room": ONE}),
        "types": Idle("manifest types", {"room": {"room": MEMBER}}),
        "pagination": "raw requests are paged by it",
        "subaccounts": Idle("manifest subaccounts", {"header": "X-Account"}, action={"subaccount": False}),
        "errors": ITS_WORDS,
        "redact": ITS_WORDS,
        "rates": ITS_WORDS,
        "idempotency": "raw requests carry a key too",
        "triggers": "it is a way to receive events",
        "resources": "the sandbox keeps its records",
        "sandbox": ITS_WORDS,
    },
    "Cloud": {
        "base_url": Idle("manifest clouds first base_url", "https://api.shelf.example", CLOUDS),
        "servers": Idle("manifest clouds second servers", {"uploads": "https://api.other.example/up"}, CLOUDS),
        "allowed_hosts": Idle("manifest clouds first allowed_hosts", ["api.shelf.example"], CLOUDS),
        "authorize_url": Idle("manifest clouds second authorize_url", "https://api.other.example/a", CLOUDS),
        "token_url": Idle("manifest clouds second token_url", "https://api.other.example/a", CLOUDS),
        "revoke_url": Idle("manifest clouds second revoke_url", "https://api.other.example/a", CLOUDS),
        "device_authorization_url": Idle(
            "manifest clouds second device_authorization_url", "https://api.other.example/a", CLOUDS
        ),
    },
    "ConnectionTest": {
        "inputs": "the call has them, and lint refuses unknown ones",
        "identity_fields": SHOWN,
    },
    "Subaccounts": {"prefix": "it is one of two ways", "header": "it is one of two ways"},
    "ErrorFormat": {
        "failed": "replies of success are read by it",
        "success_codes": Idle("manifest errors success_codes", [0]),
        "code": "errors have a code",
        "message": "errors have a message",
        "fields": "errors name fields",
        "request_id": SHOWN,
        "retry_after": "retries wait for it",
        "unit": Idle("manifest errors unit", "ms"),
        "rules": ITS_WORDS,
        "hints": Idle("manifest errors hints", {"a": "Wait a little."}),
        "replies": CHECKED,
    },
    "ErrorRule": {
        "status": Idle("manifest errors rules", [{"category": "invalid", "status": 200}]),
        "code": Idle("manifest errors rules", [{"category": "invalid", "code": 7}]),
        "message": Idle("manifest errors rules", [{"category": "invalid", "message": "no"}]),
        "header": "any reply may have a header",
        "names": Idle("manifest errors rules", [{"category": "invalid", "status": 400, "names": "(a)"}]),
    },
    "RedactionRules": {
        "fields": "a yes or no of that name is hidden too",
        "query": "a name that is hidden anyway is locked twice",
    },
    "RateLimits": {
        "account": Idle(
            "manifest rates account",
            "connection.account",
            connection_of(inputs={"secret": PASSWORD, "account": text_input(to="header.X-Account")}),
        ),
        "plans": "it is the service's table, from which actions choose",
        "quotas": "it is the service's table, from which actions choose",
    },
    "Quota": {
        "reset": Idle(
            "manifest rates quotas daily reset",
            "01:00Z",
            {"rates": {"quotas": {"daily": {"limit": "10/m", "by": "query.one"}}}},
            {**input_of(), "rate": "daily"},
        ),
    },
    "Idempotency": {
        "lifetime": "a key is not sent again after it",
    },
    "ResourceDefinition": {
        "list": "it is one of the paths",
        "item": "it is one of the paths",
        "new_id": "a record that a test adds has such an id",
        "id_prefix": "a record that a test adds has such an id",
        "schema": SHOWN,
        "parent": "records are kept apart by it",
        "parent_id": Idle("manifest resources books parent_id", "shelf", resource_of()),
        "list_id": Idle(
            "manifest resources books list_id",
            "shelf",
            {"resources": {"books": {"item": "/books/{bookId}", "id": "id"}}},
        ),
        "lookup_fields": Idle("manifest resources books lookup_fields", ["isbn"], resource_of()),
        "aliases": Idle("manifest resources books aliases", {"me": "bk_1"}, resource_of()),
        "events": Idle("manifest resources books events", {}, resource_of()),
        "changed_since": Idle(
            "manifest resources books changed_since",
            {"input": "since"},
            {"resources": {"books": {"item": "/books/{bookId}", "id": "id"}}},
        ),
        "seed": "the records are there from the start",
    },
    "ChangedSince": {"lag": "so much earlier is asked for again"},
    "EmittedEvents": {
        "created": Idle("manifest resources books events created", "book.added", resource_of()),
        "updated": Idle("manifest resources books events updated", "book.added", resource_of()),
        "deleted": Idle("manifest resources books events deleted", "book.added", resource_of()),
        "within": Idle("manifest resources books events within", "book", resource_of()),
    },
    "SandboxSettings": {
        "missing": Idle("manifest sandbox missing", {"message": "There is none."}),
        "invalid": "any request may be invalid",
    },
    "ErrorReply": {
        "status": "the sandbox answers with it",
        "code": Idle(
            "manifest sandbox invalid code", 7, {"sandbox": {"invalid": {"status": 400, "message": "It does not fit."}}}
        ),
    },
    "Trigger": {
        "inputs": Idle("manifest triggers one inputs other", text_input(), trigger_of()),
        "signature": "it is one of two ways",
        "token": "it is one of two ways",
        "watch": "the resources are polled",
        "event": "what is polled has its own",
        "body": "the body is read by it",
        "challenge": "it is answered",
        "dedupe": "events are told apart by it",
        "max_age": Idle("manifest triggers one max_age", 60, trigger_of()),
    },
    "Watch": {"every": "the next reading begins so much later"},
    "Signature": {
        "algorithm": "signatures are verified by it",
        "hash": Idle("manifest triggers one signature hash", "sha512", signed_of(algorithm="ed25519", secret="hex")),
        "timestamp": Idle("manifest triggers one signature timestamp", "header.X-Time", trigger_of(max_age=60)),
        "unit": Idle("manifest triggers one signature unit", "ms", trigger_of()),
        "id": "a delivery without it is refused",
        "separator": "a header may have several signatures",
        "digest": Idle("manifest triggers one signature digest", "base64", trigger_of()),
        "secret": "the key is read by it",
        "secret_prefix": Idle("manifest triggers one signature secret_prefix", "whsec_", trigger_of()),
    },
    "ChallengeFormat": {
        "method": "a challenge comes that way",
        "at": Idle(
            "manifest triggers one challenge", {"at": "kind", "read": "header.X-Hook", "reply": "{read}"}, trigger_of()
        ),
        "is": "it tells a challenge from an event",
        "read": Idle("manifest triggers one challenge", {"is": "ping", "read": "text", "reply": "pong"}, trigger_of()),
        "token": Idle(
            "manifest triggers one challenge",
            {"is": "ping", "read": "text", "reply": "{read}", "token": {"at": "query.t", "input": "secret"}},
            trigger_of(),
        ),
        "signed": Idle(
            "manifest triggers one challenge",
            {"method": "GET", "read": "query.q", "reply": "{read}", "signed": False},
            trigger_of(),
        ),
        "keep_as": Idle(
            "manifest triggers one challenge", {"is": "ping", "keep_as": "secret", "reply": "pong"}, trigger_of()
        ),
        "reply": Idle("manifest triggers one challenge", {"method": "HEAD", "reply": "pong"}, trigger_of()),
    },
    "EventFields": {
        "each": Idle(
            "manifest triggers one event each",
            "list",
            trigger_of(body="none", event={"name": "header.X-Kind"}, dedupe=["header.X-Id"]),
        ),
        "name": "it is the event's name",
        "default_name": "an event without a name has it",
        "at": "it is the event's time",
        "unit": Idle("manifest triggers one event unit", "ms", trigger_of()),
        "account": "it is the event's account",
        "object": "it is the event's object",
        "subject": Idle("manifest triggers one event subject", ["a", "a"], trigger_of()),
    },
    "EventIdentity": {
        "id": "events are told apart by it",
        "ignore": Idle(
            "manifest triggers one dedupe ignore",
            {"fields": ["attempt"]},
            {
                "triggers": {
                    "one": {
                        **trigger_of()["triggers"]["one"],
                        "signature": {**SIGNATURE, "id": "header.X-Id", "payload": "{id}{body}"},
                        "dedupe": {"id": ["header.X-Id"]},
                    }
                }
            },
        ),
    },
    "ChangingParts": {
        "paths": Idle(
            "manifest triggers one dedupe ignore paths", ["header.X-Other"], trigger_of(dedupe={"ignore": {}})
        ),
        "fields": Idle(
            "manifest triggers one dedupe ignore fields", ["attempt", "attempt"], trigger_of(dedupe={"ignore": {}})
        ),
        "query": Idle(
            "manifest triggers one dedupe ignore query", ["token", "token"], trigger_of(dedupe={"ignore": {}})
        ),
    },
}
