"""What a connection type says is read, or reported at its line: nothing is ignored in silence."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from support.planting import line_of, plant

from connector.authoring.lint import lint

if TYPE_CHECKING:
    from pathlib import Path

KEY = "key: {label: Key, help: A key., type: password, required: true}"
SHOP = "shop: {label: Shop, help: A shop., type: string, required: true}"
CLIENT = "clientId: {label: Id, help: An id., type: string, required: true}"


def text(name: str, more: str = "") -> str:
    return f"{name}: {{label: One, help: One., type: string, required: true{more}}}"


def secret(name: str, more: str = "") -> str:
    return f"{name}: {{label: One, help: One., type: password, required: true{more}}}"


def block(*words: str, inputs: tuple[str, ...] = (KEY,), kind: str = "bearer") -> str:
    """A connection type as YAML."""
    lines = ["connections:", "  it:", "    label: It", f"    kind: {kind}", *(f"    {word}" for word in words)]
    return "\n".join([*lines, "    inputs:", *(f"      {item}" for item in inputs)]) + "\n"


def connect(shelf: Path, connections: str) -> Path:
    """Put these connections in place of the manifest's."""
    path = shelf / "manifest.yaml"
    manifest = re.sub(r"(?s)connections:\n.*?\n\n", lambda _: f"{connections}\n", path.read_text(), count=1)
    path.write_text(manifest)
    return path


OAUTH = ("authorize_url: https://api.bookshelf.example/a", "token_url: https://api.bookshelf.example/t")
PUBLIC = {"kind": "oauth2", "inputs": (CLIENT,)}
BASIC = {"kind": "basic"}
SIGNED = "signature: {payload: '{target}', to: header.X-Sign}"
MISTAKES = {
    "a signature of another kind": (
        block(SIGNED), [("signature:", "`signature` is for signed, not for bearer")],
    ),
    "a signed kind without a signature": (
        block(kind="signed"), [("kind: signed", "signed needs the word `signature`")],
    ),
    "a signature of an unknown input": (
        block("signature: {payload: '{shop}{body}', to: header.X-Sign}", kind="signed"),
        [("signature:", "the connection it has no input 'shop'")],
    ),
    "a signature of nothing": (
        block("signature: {payload: abc, to: header.X-Sign}", kind="signed"), [("signature:", "the same text would be signed")],
    ),
    "a time that is signed and not sent": (
        block("signature: {payload: '{timestamp}', to: header.X-Sign}", kind="signed"), [("signature:", "sent nowhere")],
    ),
    "a session whose action is not there": (
        block("login: {action: logIn, token: id}", kind="session"), [("login:", "there is no action 'logIn'")],
    ),
    "a session of an action that requires more": (
        block("login: {action: getBook, token: idd}", kind="session", inputs=(KEY.replace("key:", "bookId:"),)),
        [("login:", "has to be of type password in getBook"), ("login:", "the example of getBook has nothing at idd")],
    ),
    "a JWT without claims, with words of an exchange that it does not make": (
        block("token_body: json", kind="jwt"),
        [("kind: jwt", "jwt needs the word `claims`"), ("token_body:", "is for a JWT that is exchanged")],
    ),
    "the key of a certificate in clear, without a certificate": (
        block(inputs=(KEY, text("own", ", to: tls.key"))),
        [("own:", "has to be of type password"), ("own:", "belongs to a certificate")],
    ),
    "an issuer that nobody asks": (
        block("issuer: 'https://api.bookshelf.example'", *OAUTH, **PUBLIC), [("issuer:", "nothing is asked of the issuer")],
    ),
    "an issuer at another host": (
        block("issuer: 'https://id.other.example'", **PUBLIC), [("issuer:", "not among `allowed_hosts`")],
    ),
    "a code of a device without its address": (
        block(OAUTH[1], kind="oauth2_device_code", inputs=(CLIENT,)), [("inputs:", "'deviceAuthorizationUrl'")],
    ),
    "a realm of another kind": (
        block("realm: acme"), [("realm:", "`realm` is for oauth1, not for bearer")],
    ),
    "an audience that is asked for and never sent": (
        block(inputs=(KEY, text("audience"))), [("audience:", "'audience' is asked for and goes nowhere")],
    ),
    "two secrets without a place, of which one is sent": (
        block(inputs=(KEY, secret("other"))), [("other:", "'other' is asked for and goes nowhere")],
    ),
    "an api_key without a place": (
        block(kind="api_key"), [("kind:", "say where the key goes: `to: header.X`")],
    ),
    "a second key of an api_key without a place": (
        block("to: header.X-Key", kind="api_key", inputs=(KEY, secret("app"))), [("app:", "goes nowhere")],
    ),
    "basic with two inputs and no words": (
        block(**BASIC, inputs=(text("user"), KEY)), [("inputs:", "which input is the user name")],
    ),
    "basic with three inputs and no words": (
        block(**BASIC, inputs=(text("site"), text("user"), KEY)), [("inputs:", "which input is the user name")],
    ),
    "basic with one input and no words": (block(**BASIC), [("inputs:", "which input is the user name")]),
    "basic with an input that goes nowhere": (
        block(**BASIC, inputs=(text("site"), text("user", ", to: basic.username"), secret("pass", ", to: basic.password"))),
        [("site:", "goes nowhere")],
    ),
    "two values in one place": (
        block("to: header.X-Key", kind="api_key", inputs=(KEY, text("tenant", ", to: header.x-key"))),
        [("tenant:", "header.x-key has the token of the connection already")],
    ),
    "a value where the token is": (
        block(inputs=(KEY, text("tenant", ", to: header.Authorization"))), [("tenant:", "has the token of the connection")],
    ),
    "a value in a header of the transport": (
        block(inputs=(KEY, text("tenant", ", to: header.Host"))), [("tenant:", "base URL")],
    ),
    "a header that is none": (
        block(inputs=(KEY, text("tenant", ", to: 'header.a:b'"))), [("tenant:", "header.a:b cannot be used")],
    ),
    "a place in a body that is none": (
        block(inputs=(KEY, text("tenant", ', to: "body.a[0]"'))), [("tenant:", "number between dots")],
    ),
    "a place that no kind has": (block(inputs=(KEY, text("tenant", ", to: cookie.x"))), [("tenant:", "cookie.x")]),
    "a parameter of a token request without one": (
        block(inputs=(KEY, text("audience", ", to: token.audience"))), [("audience:", "token.audience is for oauth2")],
    ),
    "a parameter that the request has itself": (
        block(*OAUTH, kind="oauth2", inputs=(CLIENT, text("x", ", to: authorize.state"))), [("x:", "state has a value of its own")],
    ),
    "a secret in the browser's address": (
        block(*OAUTH, kind="oauth2", inputs=(CLIENT, secret("x", ", to: authorize.key"))), [("x:", "must not stand in the address")],
    ),
    "a user name of another kind": (
        block(inputs=(KEY, text("user", ", to: basic.username"))), [("user:", "basic.username is for basic, not for bearer")],
    ),
    "a value for a URL that does not have it": (
        block(inputs=(KEY, text("shop", ", to: path.shop"))), [("shop:", "no URL has {shop} in it")],
    ),
    "a scheme without a header": (
        block(inputs=(KEY, text("x", ", to: query.x, scheme: Key"))), [("x:", "`scheme` stands before a value in a header")],
    ),
    "a scheme beside a place in the query": (
        block("to: query.key", "scheme: Key"), [("scheme:", "in a header alone")],
    ),
    "a list in a header": (
        block(inputs=(KEY, "t: {label: T, help: T., type: list of string, to: header.X-T}")), [("t: {label", "expected one of string, text, password")],
    ),
    "a name in braces that is no input": (
        block("constants: {header.X-Tenant: '{tenant}'}"), [("constants:", "has no input 'tenant', so {tenant} would be sent")],
    ),
    "a name in a parameter that is no input": (
        block(*OAUTH, "authorize_params: {audience: '{audence}'}", kind="oauth2", inputs=(CLIENT,)),
        [("authorize_params:", "has no input 'audence'")],
    ),
    "a misspelt address of an oauth2 type": (
        block("authorize_url: https://api.bookshelf.example/{tennant}/a", OAUTH[1], kind="oauth2", inputs=(CLIENT, text("tenant", ", to: path.tenant"))),
        [("authorize_url:", "has no input 'tennant', so {tennant} would be sent as it is. Did you mean 'tenant'"), ("tenant:", "no URL has {tenant}")],
    ),
    "an oauth2 type that lacks all": (
        block(kind="oauth2", inputs=(secret("clientSecret"),)),
        [("inputs:", "oauth2 needs the inputs 'authorizeUrl' (or the word `authorize_url`), 'tokenUrl' (or the word `token_url`) and 'clientId'.")],
    ),
    "authUrl for authorizeUrl": (
        block(OAUTH[1], kind="oauth2", inputs=(CLIENT, text("authUrl"))),
        [("inputs:", "needs the input 'authorizeUrl'"), ("authUrl:", "does not take the input 'authUrl'. Did you mean 'authorizeUrl'?")],
    ),
    "clientID for clientId": (
        block(*OAUTH, kind="oauth2", inputs=(text("clientID"),)),
        [("inputs:", "needs the input 'clientId'"), ("clientID:", "Did you mean 'clientId'?")],
    ),
    "an input that a word says too": (
        block(*OAUTH, kind="oauth2", inputs=(CLIENT, text("tokenUrl"))), [("token_url:", "the input 'tokenUrl' says this")],
    ),
    "OAuth addresses at other hosts": (
        block("authorize_url: https://auth.other.example/a", "token_url: https://auth.other.example/t", "revoke_url: https://auth.other.example/r", **PUBLIC),
        [("authorize_url:", "auth.other.example is not among `allowed_hosts`; a sign-in there is refused"), ("token_url:", "refused"), ("revoke_url:", "refused")],
    ),
    "defaults of OAuth addresses at other hosts": (
        block(kind="oauth2", inputs=(CLIENT, "authorizeUrl: {label: A, help: A., type: string, default: 'https://auth.other.example'}",
              "tokenUrl: {label: A, help: A., type: string, default: 'http://auth.other.example'}")),
        [("authorizeUrl:", "not among `allowed_hosts`"), ("tokenUrl:", "unencrypted")],
    ),
    "a body that no action sends is none here": (block(inputs=(KEY, text("t", ", to: body.t"))), []),
    "two inputs of one variable": (
        block(inputs=(KEY, text("userId", ", to: header.X-A"), text("user_id", ", to: header.X-B"))), [("user_id:", "BOOKSHELF_USER_ID")],
    ),
    **{
        f"`{word}` of a bearer": (block(f"{word}: {value}"), [(f"{word}:", f"`{word}` is for OAuth{more}, not for bearer")])
        for more, words in (
            ("", (
                ("authorize_url", "https://api.bookshelf.example/a"), ("authorize_params", "{a: b}"), ("pkce", "false"),
                ("revoke_url", "https://api.bookshelf.example/t"), ("client_auth", "body"),
            )),
            (", jwt", (
                ("token_url", "https://api.bookshelf.example/t"), ("token_params", "{a: b}"), ("token_body", "json"),
                ("scope_separator", "','"), ("token_field", "token"), ("base_url_from", "url"),
            )),
        )
        for word, value in words
    },
    "`to` of basic": (
        block("to: header.X", **BASIC, inputs=(secret("key", ", to: basic.username"),)), [("to: header.X", "not for basic")],
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", MISTAKES)
def test_what_a_connection_type_says_and_nothing_reads_is_reported_at_its_line(shelf: Path, case: str) -> None:
    connections, expected = MISTAKES[case]
    path = connect(shelf, connections)
    found = [(finding.line, finding.message) for finding in lint(shelf) if finding.rule != "scopes-named"]
    assert len(found) == len(expected), found
    for marker, message in expected:
        lines = [line for line, said in found if message in said]
        assert line_of(path, marker) in lines, (marker, found)


FINE = {
    "Datadog": block(kind="api_key", inputs=(secret("apiKey", ", to: header.DD-API-KEY"), secret("app", ", to: header.DD-APPLICATION-KEY"))),
    "Slack": block(
        *OAUTH, "client_auth: body", "scope_separator: ','", "token_field: authed_user.access_token", kind="oauth2",
        inputs=(CLIENT, text("userScopes", ", to: authorize.user_scope")),
    ),
    "Notion": block(*OAUTH, "token_body: json", "pkce: false", "authorize_params: {owner: user}", **PUBLIC),
    "Salesforce": block(*OAUTH, "base_url_from: instance_url", **PUBLIC),
    "Auth0": block(OAUTH[1], kind="oauth2_client_credentials", inputs=(CLIENT, secret("clientSecret"), text("audience", ", to: token.audience"))),
    "Okta": block("scheme: SSWS"),
    "Discord": block("scheme: 'Bot '"),
    "a token in a header of its own": block(*OAUTH, "to: header.X-Shopify-Access-Token", **PUBLIC),
    "Zendesk": block(
        "constants: {basic.username: '{email}/token'}", kind="basic",
        inputs=(text("email"), secret("apiToken", ", to: basic.password")),
    ),
    "an API key in the query": block("to: query.key", kind="api_key"),
    "names of arguments": block(inputs=tuple([KEY] + [text(name, f", to: header.X-{name}") for name in ("tokens", "name", "store", "kind", "connector", "url")])),
}  # fmt: skip


@pytest.mark.parametrize("case", FINE)
def test_what_services_need_is_said_without_a_finding(shelf: Path, case: str) -> None:
    connect(shelf, FINE[case])
    assert [str(finding) for finding in lint(shelf) if finding.rule != "scopes-named"] == []


HOSTS = [
    # base_url, allowed_hosts, the line of the finding (None: there is none), a part of its message
    ("https://{shop}/v1", '["{shop}"]', None, "", ", format: host"),
    ("https://{shop}.shops.example/v1", '["{shop}.shops.example"]', None, "", ""),
    ("https://{shop}.shops.example/v1", '["*.shops.example"]', None, "", ""),
    ("https://api.shops.example/{shop}/v1", '["api.shops.example"]', None, "", ""),
    ("https://{shop}/v1", '["{shop}"]', "allowed_hosts:", "write `format: host` there", ""),
    ("https://{shop}/v1", '["*.shops.example"]', "base_url:", "not among `allowed_hosts`", ", format: host"),
    ("https://{shop}.shops.example/v1", '["{shp}.shops.example", "*.shops.example"]', "allowed_hosts:", "has no input 'shp'. Did you mean 'shop'?", ""),
    ("https://{shp}.shops.example/v1", '["*.shops.example", "{shop}.x.example"]', "base_url:", "has no input 'shp'. Did you mean 'shop'?", ""),
    ("https://{shop}.shops.example/v1", '["{shop}.shops.example", "{shop}:8443"]', "allowed_hosts:", "is not a host name", ""),
    ("https://api.{shop}/v1", '["*.{shop}"]', None, "", ", format: host"),
]  # fmt: skip


@pytest.mark.parametrize(("base_url", "hosts", "marker", "message", "more"), HOSTS)
def test_hosts_with_inputs_in_them_are_those_of_the_connection(
    shelf: Path, base_url: str, hosts: str, marker: str | None, message: str, more: str
) -> None:
    path = connect(shelf, block(inputs=(KEY, text("shop", more))))
    plant(path, "base_url: https://api.bookshelf.example/v1", f"base_url: {base_url}")
    plant(path, "allowed_hosts: [api.bookshelf.example]", f"allowed_hosts: {hosts}")
    found = lint(shelf)
    assert len(found) == (marker is not None), [str(finding) for finding in found]
    if marker is not None:
        assert (found[0].line, message in found[0].message) == (line_of(path, marker), True), found


def test_an_input_of_a_url_must_be_given(shelf: Path) -> None:
    optional = "shop: {label: Shop, help: A shop., type: string}"
    path = connect(shelf, block(inputs=(KEY, optional)))
    plant(path, "base_url: https://api.bookshelf.example/v1", "base_url: https://api.bookshelf.example/{shop}")
    assert [(item.line, "required: true" in item.message) for item in lint(shelf)] == [
        (line_of(path, "base_url:"), True)
    ]


CLOUDS = [
    ("clouds:\n  eu: {label: Eu}\n", "clouds:", "one cloud is no choice"),
    ("clouds:\n  us: {label: Us}\n  eu: {label: Eu}\n", "  eu:", "add its `base_url` and its `allowed_hosts`"),
    ("clouds:\n  us: {label: Us, base_url: https://us.example}\n  eu: EU\n", "  us:", "the manifest's own"),
    ("clouds:\n  us: {label: Us}\n  eu: EU\n  cn: {label: Cn, base_url: https://cn.eu.example, allowed_hosts: ['*.eu.example']}\n", "  cn:", "belongs to eu too"),
    ("clouds:\n  us: {label: Us}\n  eu: {label: Eu, base_url: https://x.example, allowed_hosts: [api.eu.example]}\n", "  eu:", "x.example is not among"),
    ("clouds:\n  us: {label: Us}\n  eu: {label: Eu, base_url: https://api.eu.example, allowed_hosts: [api.eu.example, api.bookshelf.example]}\n", "  eu:", "belongs to us too"),
    ("clouds:\n  us: {label: Us}\n  eu: {label: Eu, base_url: https://api.eu.example/, allowed_hosts: [api.eu.example]}\n", "  eu:", "a slash at the end"),
]  # fmt: skip
EU = "{label: Eu, base_url: https://api.eu.example, allowed_hosts: [api.eu.example]}"


@pytest.mark.parametrize(("clouds", "marker", "message"), CLOUDS)
def test_clouds_are_apart(shelf: Path, clouds: str, marker: str, message: str) -> None:
    clouds = clouds.replace(
        "EU", EU if "cn:" not in clouds else EU.replace("[api.eu.example]", "[api.eu.example, '*.eu.example']")
    )
    plant(shelf / "manifest.yaml", "connections:\n", f"{clouds}connections:\n")
    found = lint(shelf)
    assert [message in item.message for item in found] == [True], [str(item) for item in found]
    assert found[0].line == line_of(shelf / "manifest.yaml", marker)


def test_a_cloud_without_oauth_addresses_of_its_own_is_told_which_it_lacks(shelf: Path) -> None:
    path = connect(shelf, block(*OAUTH, **PUBLIC))
    plant(path, "connections:\n", f"clouds:\n  us: {{label: Us}}\n  eu: {EU}\nconnections:\n")
    found = [item for item in lint(shelf) if item.rule != "scopes-named"]
    assert [(item.line, "a `authorize_url` of its own" in item.message) for item in found] == [
        (line_of(path, "  eu:"), True)
    ]


def test_an_input_called_cloud_is_the_one_that_clouds_add(shelf: Path) -> None:
    path = connect(shelf, block(inputs=(KEY, text("cloud", ", to: header.X-Cloud"))))
    assert lint(shelf) == []
    plant(path, "connections:\n", f"clouds:\n  us: {{label: Us}}\n  eu: {EU}\nconnections:\n")
    assert [(item.line, "adds an input 'cloud'" in item.message) for item in lint(shelf)] == [
        (line_of(path, "      cloud:"), True)
    ]


CONSTANTS = [
    ("{header.X-Tenant: '{tenant}'}", "has no input 'tenant', so {tenant} would be sent as it is"),
    ("{query.tenant: 'a-{keyy}'}", "Did you mean 'key'?"),
    ("{body.query: 'query { viewer { id } }'}", None),
    ("{body.query: 'query{viewer{key}}'}", None),
    ("{header.X-Key: '{key}'}", None),
]  # fmt: skip


@pytest.mark.parametrize(("constants", "message"), CONSTANTS)
def test_a_name_in_braces_of_a_shared_constant_is_an_input(shelf: Path, constants: str, message: str | None) -> None:
    path = connect(shelf, block("to: header.X-Other") if message is None else block())
    plant(path, "pagination: {style", f"constants: {constants}\npagination: {{style")
    found = [str(item) for item in lint(shelf) if item.rule != "examples-run"]
    assert len(found) == (message is not None), found
    assert message is None or message in found[0]


def test_a_name_in_braces_of_an_actions_constant_is_reported(shelf: Path) -> None:
    path = shelf / "actions/create-book.yaml"
    plant(path, "request: POST /books\n", "request: POST /books\nconstants: {body.shelf: '{title}'}\n")
    found = [item for item in lint(shelf) if item.rule == "connection-places"]
    assert [(item.line, "{title} would be sent as it is" in item.message) for item in found] == [
        (line_of(path, "constants:"), True)
    ]


def test_an_input_of_an_action_in_the_place_of_a_connections_value_is_reported(shelf: Path) -> None:
    path = connect(shelf, block(inputs=(KEY, text("tags", ", to: body.tags"))))
    found = lint(shelf)
    assert [(item.line, "createBook" in item.message) for item in found] == [(line_of(path, "tags:"), True)], found
