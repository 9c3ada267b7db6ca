"""No name of an input is reserved: in code, in the environment, in a store and at a sign-in."""

from __future__ import annotations

import json

import pytest
from support.servers import reply

from connector import Client, Connection, begin_sign_in, errors, finish_sign_in
from connector.runtime.storage.memory_store import MemoryStore

ARGUMENTS = ("connector", "kind", "inputs", "name", "store", "token", "http", "self", "cls", "environ", "more_inputs")
OTHERS = ("url", "connection", "cloud", "base_url", "plan", "budget", "path", "timeout", "secret", "secretFile")
HEAD = 'connector: lark\nlabel: Lark\nsummary: L.\nbase_url: https://lark.example\nallowed_hosts: ["lark.example"]\n'


def build(folder, names, **words):
    inputs = {
        name: {"label": "L", "help": "H.", "type": "string", "required": True, "to": f"header.X-{index}"}
        for index, name in enumerate(names)
    }
    key = {"key": {"label": "K", "help": "H.", "type": "password", "required": True}}
    kind = {"label": "K", "kind": "bearer", "inputs": {**inputs, **key}, **words}
    if kind["kind"] == "oauth2":
        kind["inputs"] = {**inputs, "clientId": {"label": "C", "help": "H.", "type": "string", "required": True}}
    return folder(whole=f"{HEAD}connections:\n  it: {json.dumps(kind)}\n")


def headers(server, count):
    return [server.requests[-1].header(f"X-{index}") for index in range(count)]


@pytest.mark.parametrize("names", [*((name,) for name in (*ARGUMENTS, *OTHERS)), (*ARGUMENTS, *OTHERS)])
def test_a_mapping_takes_every_name_and_a_store_and_the_environment_do_too(folder, server, names):
    connector = build(folder, names)
    given = {name: f"v-{name}" for name in names} | {"key": "canary-k"}
    store = MemoryStore()
    Connection(connector, "it", inputs=given, name="work", store=store).save()
    variables = {connector.manifest.environment_variable(key): value for key, value in given.items()}
    assert len(variables) == len(given)
    for connection in (
        Connection(connector, "it", given),
        Connection.load(connector, "work", store=store),
        Connection.from_env(connector, environ=variables),
    ):
        assert connection.inputs() == given
        with Client(connector, connection, base_url=server.url) as client:
            client.request("GET", "/x")
        assert headers(server, len(names)) == [f"v-{name}" for name in names]
        assert server.requests[-1].header("authorization") == "Bearer canary-k"


@pytest.mark.parametrize("name", sorted({*ARGUMENTS, *OTHERS} - {"inputs", "name", "store", "token", "http"}))
def test_a_keyword_takes_every_name_but_those_of_arguments(folder, name):
    connector = build(folder, [name])
    assert Connection(connector, "it", key="canary-k", **{name: "v"}).inputs()[name] == "v"


@pytest.mark.parametrize("name", ["inputs", "name", "store", "token", "http"])
def test_an_input_called_like_an_argument_and_not_given_is_told_with_the_way_to_give_it(folder, name):
    with pytest.raises(errors.InputError) as caught:
        Connection(build(folder, [name]), "it", key="canary-k")
    assert f"inputs={{{name!r}: ...}}" in caught.value.problems[0].fix


def test_a_text_for_the_initial_token_is_told_to_be_an_input(folder):
    connector = build(folder, ["token"])
    with pytest.raises(errors.UsageError, match="initial token") as caught:
        Connection(connector, "it", {"key": "canary-k", "token": "canary-t"}, token="canary-t")
    assert "inputs={'token': ...}" in caught.value.hint
    assert "canary" not in str(caught.value)


def test_an_input_is_given_once(folder):
    connector = build(folder, ["url"])
    with pytest.raises(errors.UsageError, match="url: given twice"):
        Connection(connector, "it", {"url": "a", "key": "canary-k"}, url="b")
    with pytest.raises(errors.UsageError, match="inputs is"):
        Connection(connector, "it", ["url"])


def test_a_sign_in_keeps_every_name(folder, server):
    names = (*ARGUMENTS, *OTHERS)
    connector = build(
        folder, names, kind="oauth2", authorize_url="https://lark.example/a", token_url="https://lark.example/t"
    )
    given = {name: f"v-{name}" for name in names} | {"clientId": "app"}
    server.always(reply(json_={"access_token": "canary-a"}))
    store = MemoryStore()

    class Issuing:
        def send(self, request, credential, *_):
            from connector.core.response.reply import Reply

            return Reply(200, (), b'{"access_token": "canary-a"}')

    began = begin_sign_in(
        connector, name="work", redirect_uri="http://127.0.0.1:1/c", store=store, inputs=given, kind="it"
    )
    finish_sign_in(connector, f"?code=c&state={began.state}", store=store, http=Issuing())
    assert Connection.load(connector, "work", store=store).inputs() == given


@pytest.mark.parametrize(
    ("keys", "variables"),
    [
        (("baseUrl",), ["LARK_CONNECTION_BASE_URL"]), (("plan",), ["LARK_CONNECTION_PLAN"]),
        (("token",), ["LARK_TOKEN"]), (("secret", "secretFile"), ["LARK_SECRET", "LARK_CONNECTION_SECRET_FILE"]),
        (("planFile",), ["LARK_CONNECTION_PLAN_FILE"]),
    ],
)  # fmt: skip
def test_a_variable_has_one_meaning(folder, keys, variables):
    connector = build(folder, keys)
    assert [connector.manifest.environment_variable(key) for key in keys] == variables


def test_a_key_is_its_own_spelling_before_it_is_that_of_another(folder):
    connector = build(folder, ["user_id", "userId"])
    found = Connection(connector, "it", {"user_id": "a", "userId": "b", "key": "canary-k"}).inputs()
    assert (found["user_id"], found["userId"]) == ("a", "b")
