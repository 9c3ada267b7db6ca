"""The names that people type stay as they are: methods, arguments, errors."""

from __future__ import annotations

import inspect

import pytest

import connector
from connector import errors

TREE = {
    "ConnectorError": "Exception", "DefinitionError": "ConnectorError", "InputError": "ConnectorError", "SignInError": "ConnectorError",
    "TransportError": "ConnectorError", "DeadlineError": "TransportError", "ApiError": "ConnectorError", "NotFound": "ApiError",
    "Denied": "ApiError", "Rejected": "ApiError", "RateLimited": "ApiError", "ServiceDown": "ApiError", "PageError": "ConnectorError",
    "StoreError": "ConnectorError", "UsageError": "ConnectorError", "WebhookError": "ConnectorError",
}  # fmt: skip


@pytest.mark.parametrize("name", ["run", "run_file", "request", "items", "download", "download_all", "dry_run"])
def test_both_clients_take_the_same(name):
    def taken(client):
        return [
            (one.name, one.kind, one.default) for one in inspect.signature(getattr(client, name)).parameters.values()
        ]

    assert taken(connector.Client) == taken(connector.AsyncClient)


def test_both_clients_close_and_are_blocks():
    assert {"close", "__enter__", "__exit__"} <= set(dir(connector.Client))
    assert {"close", "aclose", "__aenter__", "__aexit__"} <= set(dir(connector.AsyncClient))


def test_the_arguments_of_a_run_are_the_contracts():
    taken = inspect.signature(connector.Client.run).parameters
    assert list(taken) == [
        "self",
        "action",
        "given",
        "timeout",
        "retry",
        "debug",
        "limit",
        "account",
        "idempotency_key",
        "connection",
    ]
    assert all(taken[name].kind is inspect.Parameter.KEYWORD_ONLY for name in list(taken)[3:])
    request = inspect.signature(connector.Client.request).parameters
    assert list(request)[:3] == ["self", "method", "path"]
    assert {"query", "headers", "data", "form", "files", "response_type"} <= set(request)


def test_the_errors_are_the_drawn_tree():
    kinds = [one for one in vars(errors).values() if inspect.isclass(one) and issubclass(one, Exception)]
    assert {one.__name__: one.__base__.__name__ for one in kinds} == TREE
    for name in TREE:
        assert name in errors.__doc__, "the drawing at the top of the module shows it"


@pytest.mark.parametrize(
    "name",
    ["data", "status", "headers", "tracking_id", "attempts", "outcome", "complete", "pages", "warnings", "debug"],
)
def test_a_result_has_the_contracts_facts(name):
    assert hasattr(connector.Result({}), name)
