"""A dry run prints the URL that would be called: filled in as far as it is known, and a note of what is not."""

from __future__ import annotations

import itertools
import shlex

import pytest

MANIFEST = """\
connector: shopify
label: Shop
summary: Shops.
base_url: https://{shop}.shops.example/{version}
allowed_hosts: ["{shop}.shops.example"]
connections:
  key:
    label: Key
    kind: bearer
    inputs:
      shop: {label: S, help: H., type: string, required: true}
      version: {label: V, help: H., type: string, default: v1}
      name: {label: N, help: H., type: string, to: header.X-Name}
      token: {label: T, help: H., type: password, required: true}
"""
ACTION = "action: list\nlabel: L\nsummary: L.\nrequest: GET /goods\n"
WHOLE = {"SHOPIFY_SHOP": "acme", "SHOPIFY_TOKEN": "canary-t"}
RUN = ("run", "list", "--dry-run")


@pytest.fixture
def shop(here, folder, tmp_path):
    """Run a command of a connector with a shop in its base URL."""
    folder(whole=MANIFEST, actions={"list": ACTION})
    return lambda *words, **env: here(*words, "--connector", str(tmp_path), **env)


@pytest.mark.parametrize(
    ("env", "url"),
    [
        ({}, "https://{shop}.shops.example/v1"), ({"SHOPIFY_SHOP": "acme"}, "https://acme.shops.example/v1"),
        (WHOLE, "https://acme.shops.example/v1"), ({**WHOLE, "SHOPIFY_VERSION": "v 2"}, "https://acme.shops.example/v%202"),
        ({"SHOPIFY_SHOP": "evil.example/"}, "https://{shop}.shops.example/v1"),
    ],
)  # fmt: skip
def test_the_environment_fills_in_the_base_url(shop, env, url):
    done = shop(*RUN, **env)
    assert (done.code, done.out.splitlines()[0]) == (0, f"GET {url}/goods")
    assert ("SHOPIFY_SHOP" in done.err) == ("{shop}" in url)
    assert "canary" not in done.out + done.err


def test_a_stored_connection_fills_it_in(shop):
    inputs = ("-i", "shop=beta", "-i", "token=env:SECRET", "-i", "name=Bob", "--unencrypted", "--quiet")
    done = shop("connect", "work", *inputs, SECRET="canary-s")
    assert "beta" not in done.out
    for words in ((), ("--connection", "work")):
        assert shop(*RUN, *words).out.startswith("GET https://beta.shops.example/v1/goods")
    assert shop(*RUN, "--connection", "key", **WHOLE).out.startswith("GET https://acme.shops.example/v1/goods")
    assert shop(*RUN, "--quiet", "--connection", "none").err == ""


def test_the_base_url_of_the_owner_comes_first(shop):
    done = shop(*RUN, "--base-url", "https://proxy.example/x", **WHOLE)
    assert done.out.startswith("GET https://proxy.example/x/goods")


def test_inputs_called_like_arguments_are_read_from_the_command_line_and_the_environment(
    here, folder, tmp_path, server
):
    names = ("connector", "kind", "inputs", "name", "store", "http", "connection", "url", "plan")
    fields = "".join(
        f"      {name}: {{label: L, help: H., type: string, required: true, to: header.X-{name}}}\n" for name in names
    )
    token = "      token: {label: T, help: H., type: password, required: true}\n"
    head = (
        'connector: lark\nlabel: Lark\nsummary: L.\nbase_url: https://lark.example\nallowed_hosts: ["lark.example"]\n'
    )
    whole = f"{head}connections:\n  it:\n    label: I\n    kind: bearer\n    inputs:\n{fields}{token}"
    folder(whole=whole, actions={"list": ACTION})
    items = [word for name in names for word in ("-i", f"{name}=v-{name}")]
    connector = ("--connector", str(tmp_path))
    done = here("connect", "work", *items, "-i", "token=env:SECRET", "--unencrypted", *connector, SECRET="canary-t")
    assert done.code == 0, done.err
    variables = {f"LARK_{name.upper()}": f"e-{name}" for name in (*names, "token") if name != "plan"}
    for connection, env in (("work", {}), ("it", {**variables, "LARK_CONNECTION_PLAN": "e-plan"})):
        words = ("run", "list", "--connection", connection, "--base-url", server.url)
        done = here(*words, *connector, **env)
        assert done.code == 0, done.err
        start = "e" if env else "v"
        assert [server.requests[-1].header(f"X-{name}") for name in names] == [f"{start}-{name}" for name in names]


def test_a_cloud_is_shown_by_its_own_base_url(here):
    words = ("run", "listUsers", "--dry-run")
    assert here(*words).out.startswith("GET https://api.zoom.us/v2/users")
    assert here(*words, ZOOM_CLOUD="government").out.startswith("GET https://api.zoomgov.com/v2/users")


def test_a_secret_in_the_base_url_is_not_shown(here, folder, tmp_path, server):
    whole = (
        "connector: gram\nlabel: G\nsummary: G.\nbase_url: https://api.gram.example/bot{token}\n"
        "allowed_hosts: [api.gram.example]\nconnections:\n  key:\n    label: K\n    kind: api_key\n    inputs:\n"
        "      token: {label: T, help: H., type: password, required: true}\n"
    )
    folder(whole=whole, actions={"list": ACTION})
    env = {"GRAM_TOKEN": "12:canary-t"}
    done = here(*RUN, "--connector", str(tmp_path), **env)
    assert (done.code, done.out.splitlines()[0], done.err) == (0, "GET https://api.gram.example/bot{token}/goods", "")
    done = here("run", "list", "--connector", str(tmp_path), "--debug", "--base-url", f"{server.url}/no", **env)
    assert "canary" not in done.out + done.err


SIGNED = [
    ("kind: bearer", "", ["Authorization: Bearer $TOKEN"]),
    ("kind: api_key, to: header.X-Shop-Token", "", ["X-Shop-Token: $TOKEN"]),
    ("kind: api_key, to: header.Authorization", "", ["Authorization: $TOKEN"]),
    ("kind: api_key, to: query.key", "", []),
    ("kind: basic", "to: basic.password", ["Authorization: Basic $TOKEN"]),
    ("kind: api_key", "to: header.X-Key", ["X-Key: ***"]),
    (
        "kind: bearer, constants: {header.X-Shop: 'is {shop}'}",
        "",
        ["Authorization: Bearer $TOKEN", "X-Shop: ***"],
    ),
]


@pytest.mark.parametrize(("words", "place", "headers"), SIGNED)
@pytest.mark.parametrize("env", [{}, {"GRAM_TOKEN": "canary-t", "GRAM_SHOP": "acme"}], ids=["unset", "set"])
def test_curl_signs_where_the_connection_would(here, folder, tmp_path, words, place, headers, env):
    whole = (
        "connector: gram\nlabel: G\nsummary: G.\nbase_url: https://api.gram.example\n"
        f"allowed_hosts: [api.gram.example]\nconnections:\n  key: {{label: K, {words}, inputs: {{\n"
        "      shop: {label: S, help: H., type: string, required: true},\n"
        f"      token: {{label: T, help: H., type: password, required: true, {place}}}}}}}\n"
    )
    folder(whole=whole, actions={"list": ACTION})
    done = here(*RUN, "--curl", "--connector", str(tmp_path), **env)
    arguments = shlex.split(done.err)
    assert [value for flag, value in itertools.pairwise(arguments) if flag == "-H"] == headers
    assert arguments[-1] == "https://api.gram.example/goods" + ("?key=$TOKEN" if "query" in words else "")
    assert "canary" not in done.out + done.err


def test_a_download_is_shown_at_the_hosts_of_its_cloud(here):
    url = "https://us06web.zoomgov.com/rec/1"
    done = here("download", url, "--dry-run", ZOOM_CLOUD="government")
    assert (done.code, done.out.splitlines()[0]) == (0, f"GET {url}"), done.err
    assert here("download", url, "--dry-run", ZOOM_CLOUD="").code == 2


def test_an_api_jwt_that_is_refused_is_told_what_it_is_for(here, server):
    from support import servers

    server.always(servers.reply(401, {"code": 124, "message": "Invalid access token."}))
    env = {"ZOOM_API_KEY": "k", "ZOOM_API_SECRET": "canary-s"}
    words = ("--connection", "apiJwt", "--base-url", server.url)
    done = here("run", "createMeeting", "--user-id", "me", "--topic", "x", *words, **env)
    assert (done.code, "Video SDK" in done.err) == (3, True), done.err
    done = here("request", "GET", "/videosdk/sessions", *words, **env)
    assert (done.code, "Video SDK" in done.err) == (3, False), done.err
