"""The names that people type stay as they are: classes, methods, arguments, errors."""

from __future__ import annotations

import inspect

import pytest

import connector
from connector import errors, testing

METHODS = {
    "choices",
    "execute",
    "execute_batch",
    "execute_download",
    "stream",
    "close",
    "download",
    "download_all",
    "dry_run",
    "items",
    "request",
    "run",
    "run_file",
}
MEMBERS = {
    "AsyncClient": METHODS | {"aclose", "connection", "records"},
    "AsyncItems": {"aclose", "close", "complete"},
    "Challenge": {"headers", "reply", "secret"},
    "Client": METHODS | {"connection", "records"},
    "Event": {"account", "at", "data", "error", "headers", "key", "name", "object", "raw", "subject", "trigger"},
    "Items": {"close", "complete"},
    "Observer": {"after", "before", "begin", "end"},
    "Receiver": {"handle", "lifespan", "open_inbox", "on"},
    "Result": {
        "attempts",
        "complete",
        "data",
        "debug",
        "elapsed",
        "job",
        "from_records",
        "age",
        "headers",
        "outcome",
        "pages",
        "request_id",
        "status",
        "to_dict",
        "warnings",
    },
    "Store": {"keys", "lock", "prepare", "read", "remove", "write"},
    "Watcher": {"lifespan", "on", "poll", "resources", "run_once", "store_changes"},
}
# Classes that the package's own modules ask for more than a program does.
PROMISED = {
    "Connection": {"base_url", "delete", "from_env", "inputs", "load", "save"},
    "Connector": {"action", "actions", "choices", "form_schema", "name", "open", "tool_spec"},
    "Request": {"body", "headers", "method", "path", "query", "to_dict", "url"},
}
# What tests of programs type: the members of the kit's classes.
TESTING = {
    "ManualClock": {"advance", "jitter", "monotonic", "sleep", "time", "wait_or_stop"},
    "ReceivedRequest": {"action", "body", "headers", "inputs", "method", "path", "query"},
    "Recording": {"async_http", "close", "http", "open_async_client", "open_client", "unused"},
    "Sandbox": {
        "add_fault",
        "assert_called",
        "assert_not_called",
        "build_oauth_inputs",
        "clock",
        "consent",
        "drop_reply",
        "find_requests",
        "open_async_client",
        "open_client",
        "reply",
        "requests",
        "reset",
        "seed",
        "wait_for_events",
    },
    "SandboxConnection": {"base_url"},
    "refusing_other_machines": set(),
    "serve": set(),
}
ARGUMENTS = {
    "AsyncClient": "connector connection base_url store resolve_connection rate_limit http records observe clock",
    "Client": "connector connection base_url store resolve_connection rate_limit http records observe clock",
    "Client.request": "method path query headers data form files response_type",
    "Client.run": "action given timeout retry debug limit account idempotency_key connection",
    "Receiver": "connector secret inbox save_secret trigger public_url max_age concurrency attempts timeout ordered clock",
    "Watcher": "client inbox trigger polls given every concurrency attempts timeout ordered",
    "accept_handshake": "connector headers raw_body trigger method url",
    "begin_sign_in": "connector name redirect_uri store inputs kind clock",
    "finish_sign_in": "connector callback_url store clock http",
    "open_store": "url keys",
    "verify_webhook": "connector secret headers raw_body max_age now trigger method url",
    "verify_webhook_events": "connector secret headers raw_body max_age now trigger method url",
}
TREE = {
    "ConnectorError": "Exception",
    "DefinitionError": "ConnectorError",
    "InputError": "ConnectorError",
    "SignInError": "ConnectorError",
    "TransportError": "ConnectorError",
    "DeadlineError": "TransportError",
    "ApiError": "ConnectorError",
    "NotFound": "ApiError",
    "Denied": "ApiError",
    "Rejected": "ApiError",
    "RateLimited": "ApiError",
    "ServiceDown": "ApiError",
    "JobFailed": "ApiError",
    "PageError": "ConnectorError",
    "StoreError": "ConnectorError",
    "UsageError": "ConnectorError",
    "WebhookError": "ConnectorError",
}


def members(name):
    kind = getattr(connector, name)
    return {member for member in (*dir(kind), *inspect.signature(kind).parameters) if not member.startswith("_")}


@pytest.mark.parametrize("name", MEMBERS)
def test_the_members_of_a_public_class_are_exactly_these(name):
    kind = getattr(connector, name)
    assert {member for member in dir(kind) if not member.startswith("_")} == MEMBERS[name]


@pytest.mark.parametrize("name", PROMISED)
def test_the_promised_members_of_a_public_class_are_there(name):
    assert PROMISED[name] - members(name) == set()


def test_the_names_of_the_testing_kit_are_exactly_these():
    assert sorted(testing.__all__) == sorted(TESTING) == dir(testing)


@pytest.mark.parametrize("name", TESTING)
def test_the_promised_members_of_the_testing_kit_are_there_and_explained(name):
    thing = getattr(testing, name)
    assert inspect.getdoc(thing)
    assert TESTING[name] - set(dir(thing)) == set()
    if name in ("Recording", "Sandbox"):
        assert {member for member in dir(thing) if not member.startswith("_")} == TESTING[name]
        assert all(inspect.getdoc(getattr(thing, member)) for member in TESTING[name])


@pytest.mark.parametrize("name", ARGUMENTS)
def test_the_arguments_are_the_promised_ones_in_their_order(name):
    thing = connector
    for part in name.split("."):
        thing = getattr(thing, part)
    parameters = inspect.signature(thing).parameters
    assert " ".join(one for one in parameters if one != "self").startswith(ARGUMENTS[name])


@pytest.mark.parametrize("name", sorted(METHODS - {"close"}))
def test_both_clients_take_the_same(name):
    def taken(client):
        return [
            (one.name, one.kind, one.default) for one in inspect.signature(getattr(client, name)).parameters.values()
        ]

    assert taken(connector.Client) == taken(connector.AsyncClient)


def test_both_clients_close_and_are_blocks():
    assert {"__enter__", "__exit__"} <= set(dir(connector.Client))
    assert {"__aenter__", "__aexit__"} <= set(dir(connector.AsyncClient))


def test_the_options_of_a_run_are_named():
    parameters = inspect.signature(connector.Client.run).parameters
    options = [one for name, one in parameters.items() if name not in ("self", "action", "given")]
    assert all(one.kind is inspect.Parameter.KEYWORD_ONLY for one in options)


def test_the_errors_are_the_drawn_tree():
    kinds = [one for one in vars(errors).values() if inspect.isclass(one) and issubclass(one, Exception)]
    assert {one.__name__: one.__base__.__name__ for one in kinds} == TREE
    for name in TREE:
        assert name in errors.__doc__, "the drawing at the top of the module shows it"
