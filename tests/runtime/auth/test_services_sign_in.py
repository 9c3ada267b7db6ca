"""Nine services are signed in to as each wants it: what consent, token and call look like on a real socket."""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from support.servers import reply

from connector import Client, Connection, Connector, begin_sign_in, finish_sign_in
from connector.runtime.storage.memory_store import MemoryStore

ROOT = Path(__file__).parents[3]
FOLDERS = {
    path.parent.name: path.parent
    for top in ("examples", "tests/connectors")
    for path in ROOT.glob(f"{top}/*/manifest.yaml")
}
REDIRECT, CODE = "https://app.example/callback", "canary-code"
CLIENT = {"clientId": "app-1", "clientSecret": "canary/client+secret"}
SENT_AS_BODY = {"client_id": "app-1", "client_secret": "canary/client+secret"}
SENT_AS_BASIC = base64.b64encode(b"app-1:canary%2Fclient%2Bsecret").decode()
GOOGLE = {
    "issuer": "https://accounts.google.com",
    "authorization_endpoint": "https://accounts.google.com/o/oauth2/v2/auth",
    "token_endpoint": "https://oauth2.googleapis.com/token",
    "revocation_endpoint": "https://oauth2.googleapis.com/revoke",
    "code_challenge_methods_supported": ["plain", "S256"],
}


@dataclass(frozen=True)
class Consent:
    """A kind of connection that a person consents to, and what the service sees of it."""

    folder: str
    kind: str
    page: str
    token_url: str
    call: str
    asked: dict[str, str] = field(default_factory=dict)  # parameters of the page, beyond those of every service
    given: dict[str, str] = field(default_factory=dict)  # inputs, beyond the client's
    answer: dict[str, Any] = field(default_factory=dict)  # what the token reply has, beyond the token
    client: str = "basic"  # where the client's id and secret are
    body: str = "form"
    sent: tuple[str, str] = ("authorization", "Bearer canary-token")


SHOP = "https://harbour-lights.myshopify.com/admin"
ORG = "https://harbour.my.salesforce.com/services/oauth2"
CONSENTS = [
    Consent(
        "slack", "botOauth", "https://slack.com/oauth/v2/authorize", "https://slack.com/api/oauth.v2.access",
        "https://slack.com/api/conversations.list", {"scope": "channels:read,chat:write"}, {"scopes": "channels:read chat:write"},
        {"ok": True, "token_type": "bot", "scope": "chat:write,channels:read", "authed_user": {"id": "U1", "access_token": "canary-user"}},
    ),
    Consent(
        "slack", "userOauth", "https://slack.com/oauth/v2/authorize", "https://slack.com/api/oauth.v2.access",
        "https://slack.com/api/conversations.list", {"user_scope": "channels:read"}, {"userScopes": "channels:read"},
        {"ok": True, "access_token": "canary-bot", "authed_user": {"access_token": "canary-token", "token_type": "user", "scope": "channels:read"}},
    ),
    Consent(
        "google-calendar", "person", GOOGLE["authorization_endpoint"], GOOGLE["token_endpoint"],
        "https://www.googleapis.com/calendar/v3/users/me/calendarList",
        {"scope": "https://www.googleapis.com/auth/calendar", "access_type": "offline", "prompt": "consent"}, {},
        {"expires_in": 3599, "refresh_token": "canary-refresh", "scope": "https://www.googleapis.com/auth/calendar"},
    ),
    Consent(
        "notion", "oauth", "https://api.notion.com/v1/oauth/authorize", "https://api.notion.com/v1/oauth/token",
        "https://api.notion.com/v1/users", {"owner": "user"}, body="json",
        answer={"token_type": "bearer", "bot_id": "b-1", "workspace_name": "Harbour", "owner": {"type": "user"}},
    ),
    Consent(
        "hubspot", "oauth", "https://app.hubspot.com/oauth/authorize", "https://api.hubapi.com/oauth/v1/token",
        "https://api.hubapi.com/crm/v3/objects/contacts", {"scope": "oauth crm.objects.contacts.read"},
        {"scopes": "oauth crm.objects.contacts.read"}, {"expires_in": 1800, "refresh_token": "canary-refresh"}, "body",
    ),
    Consent(
        "shopify", "oauth", f"{SHOP}/oauth/authorize", f"{SHOP}/oauth/access_token", f"{SHOP}/api/2026-01/products.json",
        {"scope": "read_products,write_orders"}, {"shop": "harbour-lights", "scopes": "read_products write_orders"},
        {"scope": "write_orders,read_products"}, "body", sent=("x-shopify-access-token", "canary-token"),
    ),
    Consent(
        "salesforce", "user", f"{ORG}/authorize", f"{ORG}/token", "https://harbour2.my.salesforce.com/services/data/v62.0/sobjects",
        {"scope": "api refresh_token"}, {"domain": "harbour.my.salesforce.com"},
        {"instance_url": "https://harbour2.my.salesforce.com", "scope": "refresh_token api", "refresh_token": "canary-refresh"}, "body",
    ),
    Consent(
        "linear", "oauth", "https://linear.app/oauth/authorize", "https://api.linear.app/oauth/token",
        "https://api.linear.app/graphql", answer={"scope": "read,write", "expires_in": 86399},
    ),
]  # fmt: skip
CALLS = {
    "slack": "listChannels", "google-calendar": "listCalendars", "notion": "listUsers", "hubspot": "listContacts",
    "shopify": "listProducts", "salesforce": "listKinds", "linear": "listTeams",
}  # fmt: skip


def query(url):
    return dict(parse_qsl(urlsplit(url).query, strict_parsing=True))


@pytest.mark.parametrize("case", CONSENTS, ids=lambda case: f"{case.folder}: {case.kind}")
def test_a_person_consents_and_the_token_is_sent_as_the_service_wants(case, server, rerouted):
    connector, store = Connector.open(FOLDERS[case.folder]), MemoryStore()
    action, token = connector.action(CALLS[case.folder]), {"access_token": "canary-token", **case.answer}

    def answer(request):
        if request.path.endswith("/.well-known/openid-configuration"):
            return reply(json_=GOOGLE)
        is_token_request = rerouted.urls[-1] == case.token_url
        return reply(json_=token if is_token_request else action.returns.example)

    server.always(answer)
    inputs = {**CLIENT, **case.given}
    began = begin_sign_in(
        connector, name="a", redirect_uri=REDIRECT, store=store, inputs=inputs, kind=case.kind, http=rerouted
    )
    asked = query(began.url)
    assert began.url.partition("?")[0] == case.page
    challenge, state = asked.pop("code_challenge"), asked.pop("state")
    known = {"response_type": "code", "client_id": "app-1", "redirect_uri": REDIRECT, "code_challenge_method": "S256"}
    assert asked == {**known, **case.asked}

    connection = finish_sign_in(connector, f"?code={CODE}&state={state}", store=store, http=rerouted)
    assert rerouted.urls[-1] == case.token_url
    request = server.requests[-1]
    sent = request.json() if case.body == "json" else dict(parse_qsl(request.body.decode(), strict_parsing=True))
    digest = hashlib.sha256(sent.pop("code_verifier").encode()).digest()
    assert base64.urlsafe_b64encode(digest).rstrip(b"=").decode() == challenge
    exchange = {"grant_type": "authorization_code", "code": CODE, "redirect_uri": REDIRECT}
    assert sent == {**exchange, **(SENT_AS_BODY if case.client == "body" else {})}
    assert request.header("authorization") == (f"Basic {SENT_AS_BASIC}" if case.client == "basic" else None)

    with Client(connector, connection, http=rerouted) as client:
        next(iter(client.items(action.action)))
    name, value = case.sent
    assert rerouted.urls[-1] == case.call
    assert server.requests[-1].header(name) == value
    assert (name == "authorization") or server.requests[-1].header("authorization") is None


def basic(user, password):
    return ("authorization", f"Basic {base64.b64encode(f'{user}:{password}'.encode()).decode()}")


SID = "AC" + "0" * 32
OWN = {
    "twilio: authToken": ({"accountSid": SID, "authToken": "canary-t"}, f"https://api.twilio.com/2010-04-01/Accounts/{SID}/x", basic(SID, "canary-t")),
    "twilio: apiKey": ({"accountSid": SID, "keySid": f"SK{'1' * 32}", "keySecret": "canary-t"}, f"https://api.twilio.com/2010-04-01/Accounts/{SID}/x", basic(f"SK{'1' * 32}", "canary-t")),
    "slack: bot": ({"botToken": "canary-t"}, "https://slack.com/api/x", ("authorization", "Bearer canary-t")),
    "notion: integration": ({"secret": "canary-t"}, "https://api.notion.com/v1/x", ("authorization", "Bearer canary-t")),
    "hubspot: privateApp": ({"token": "canary-t"}, "https://api.hubapi.com/x", ("authorization", "Bearer canary-t")),
    "shopify: adminToken": ({"shop": "a-1", "accessToken": "canary-t"}, "https://a-1.myshopify.com/admin/api/2026-01/x", ("x-shopify-access-token", "canary-t")),
    "salesforce: session": ({"domain": "a--b.sandbox.my.salesforce.com", "accessToken": "canary-t"}, "https://a--b.sandbox.my.salesforce.com/services/data/v62.0/x", ("authorization", "Bearer canary-t")),
    "linear: apiKey": ({"apiKey": "canary-t"}, "https://api.linear.app/x", ("authorization", "canary-t")),
    "binance: apiKey": ({"apiKey": "canary-t"}, "https://api.binance.com/api/v3/x", ("x-mbx-apikey", "canary-t")),
}  # fmt: skip


@pytest.mark.parametrize("name", OWN)
def test_a_credential_that_is_pasted_goes_where_the_service_reads_it(name, server, rerouted):
    (folder, kind), (given, url, (header, value)) = name.split(": "), OWN[name]
    connector = Connector.open(FOLDERS[folder])
    server.always(reply(json_={}))
    with Client(connector, Connection(connector, kind, given), http=rerouted) as client:
        client.request("GET", "/x")
    assert rerouted.urls == [url]
    assert server.last.header(header) == value


def test_binance_reads_a_signature_of_the_whole_query(server, rerouted, clock):
    binance = Connector.open(FOLDERS["binance"])
    server.always(reply(json_={}))
    connection = Connection(binance, "signed", apiKey="canary-key", apiSecret="canary-secret")
    with Client(binance, connection, http=rerouted, clock=clock) as client:
        order = {"symbol": "BTCUSDT", "side": "BUY", "kind": "MARKET", "quoteQuantity": "100"}
        client.run("placeOrder", order)
    signed, _, signature = server.last.target.decode().partition("?")[2].rpartition("&signature=")
    assert signed == f"symbol=BTCUSDT&side=BUY&type=MARKET&quoteOrderQty=100&timestamp={int(clock.time() * 1000)}"
    assert signature == hmac.new(b"canary-secret", signed.encode(), hashlib.sha256).hexdigest()
    assert server.last.header("x-mbx-apikey") == "canary-key"


def test_a_program_of_salesforce_signs_in_at_the_host_and_calls_where_the_reply_says(server, rerouted):
    salesforce = Connector.open(FOLDERS["salesforce"])
    token = {"access_token": "canary-token", "instance_url": "https://harbour2.my.salesforce.com"}
    server.always(lambda request: reply(json_=token if request.path.endswith("/token") else {}))
    connection = Connection(salesforce, "program", {**CLIENT, "domain": "harbour.my.salesforce.com"}, http=rerouted)
    with Client(salesforce, connection, http=rerouted) as client:
        client.run("getLimits")
    assert dict(parse_qsl(server.requests[0].body.decode())) == {"grant_type": "client_credentials", **SENT_AS_BODY}
    assert rerouted.urls == [f"{ORG}/token", "https://harbour2.my.salesforce.com/services/data/v62.0/limits"]


@pytest.mark.parametrize(
    ("folder", "kind", "given", "url", "claims"),
    [
        (
            "google-calendar", "serviceAccount", {"clientEmail": "a@b.iam.example", "user": "ada@example.com"},
            "https://oauth2.googleapis.com/token",
            {"iss": "a@b.iam.example", "sub": "ada@example.com", "aud": "https://oauth2.googleapis.com/token", "scope": "https://www.googleapis.com/auth/calendar"},
        ),
        (
            "salesforce", "certificate", {"domain": "harbour.my.salesforce.com", "clientId": "app-1", "user": "ada@example.com"},
            f"{ORG}/token", {"iss": "app-1", "sub": "ada@example.com", "aud": "https://login.salesforce.com"},
        ),
    ],
    ids=["google-calendar", "salesforce"],
)  # fmt: skip
def test_a_key_signs_what_is_exchanged_for_a_token(folder, kind, given, url, claims, server, rerouted):
    rsa = pytest.importorskip(
        "cryptography.hazmat.primitives.asymmetric.rsa", reason="the extra crypto is not installed"
    )
    serialization = pytest.importorskip("cryptography.hazmat.primitives.serialization")
    jwt = pytest.importorskip("jwt")
    key = rsa.generate_private_key(65537, 2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    connector = Connector.open(FOLDERS[folder])
    server.always(
        lambda request: reply(json_={"access_token": "canary-token"} if request.path.endswith("/token") else {})
    )
    with Client(
        connector, Connection(connector, kind, {**given, "privateKey": pem}, http=rerouted), http=rerouted
    ) as client:
        client.request("GET", "/x")
    form = dict(parse_qsl(server.requests[0].body.decode()))
    assert (rerouted.urls[0], form["grant_type"]) == (url, "urn:ietf:params:oauth:grant-type:jwt-bearer")
    signed = jwt.decode(form["assertion"], key.public_key(), algorithms=["RS256"], audience=claims["aud"])
    assert {name: signed[name] for name in claims} == claims
    assert server.last.header("authorization") == "Bearer canary-token"
