"""Airflow finds the provider, shows its forms and tests its connections; no secret is shown."""

from __future__ import annotations

import json

import pytest
from support.servers import TOKEN

from connector import errors
from connector.integrations.airflow_info import get_provider_info


@pytest.mark.parametrize("conn_type", ["zoom", "connector"])
def test_the_form_that_people_see_is_that_of_the_manifest(engine, conn_type):
    (expected,) = [one for one in get_provider_info()["connection-types"] if one["connection-type"] == conn_type]
    status, forms = engine().runtime.ask("GET", "/ui/connections/hook_meta")
    assert status == 200
    (form,) = [one for one in forms if one["connection_type"] == conn_type]
    assert form["hook_name"] == expected["hook-name"]
    fields = form["extra_fields"]
    assert list(fields) == list(expected["conn-fields"])
    for name, field in expected["conn-fields"].items():
        assert fields[name]["schema"] == {**field["schema"], "title": field["label"]}
        assert fields[name]["description"] == field["description"]
    hidden = {name for name, field in form["standard_fields"].items() if field and field["hidden"]}
    assert {"host", "login", "port"} <= hidden


def test_airflow_lists_the_provider_and_loads_its_hooks(engine):
    runtime = engine().runtime
    hooks = {one["connection_type"]: one for one in runtime.read("providers", "hooks")}
    for conn_type, name in (("zoom", "BundledHook"), ("connector", "ConnectorHook")):
        assert hooks[conn_type]["class"] == f"connector.integrations.airflow.hook.{name}"
        assert hooks[conn_type]["conn_id_attribute_name"] == "connection"
        assert hooks[conn_type]["package_name"] == "connector"
    assert "connector" in {one["package_name"] for one in runtime.read("providers", "list")}


@pytest.mark.parametrize(
    ("extra", "is_good", "told"),
    [
        ({"kind": "accessToken", "accessToken": TOKEN}, True, "Connected as ada@example.com, Ada Byron."),
        ({"accessToken": TOKEN}, False, "has no kind"),
        ({"kind": "apiJwt", "apiKey": "k", "apiSecret": TOKEN}, True, "It was not tried"),
    ],
    ids=["good", "no kind", "nothing to try"],
)
def test_a_connection_is_tested_by_a_call_that_changes_nothing(service, monkeypatch, extra, is_good, told):
    from connector.integrations.airflow.hook import BundledHook

    served = service()
    monkeypatch.setenv("AIRFLOW_CONN_TESTED", json.dumps({"conn_type": "zoom", "extra": extra}))
    tested, message = BundledHook(connection="tested").test_connection()
    assert tested is is_good
    assert told in message
    assert TOKEN not in message
    assert [one.method for one in served.asked] == (["GET"] if "Connected" in told else [])


def test_an_airflow_connection_may_name_one_that_a_store_keeps(service, monkeypatch):
    from connector.integrations.airflow.hook import BundledHook

    served = service()
    monkeypatch.setenv("AIRFLOW_CONN_KEPT", json.dumps({"conn_type": "zoom", "extra": {"stored": "acme"}}))
    hook = BundledHook("kept")
    assert hook.test_connection() == (True, "Connected as ada@example.com, Ada Byron.")
    assert hook.run_once("getUser", {"userId": "me"}).status == 200
    assert len(served.asked) == 2


def test_airflows_own_command_tests_a_connection(engine, service):
    service()
    airflow = engine()
    printed = airflow.runtime.run("connections", "test", "acme", **airflow.runtime.take_environment())
    assert "Connection success!" in printed
    assert TOKEN not in printed


def test_a_connection_that_airflow_does_not_have_is_told_with_the_way_to_make_it(monkeypatch):
    from connector.integrations.airflow.hook import ConnectorHook

    with pytest.raises(errors.SignInError, match="AIRFLOW_CONN_NOBODY"):
        ConnectorHook("nobody").get_conn()


def test_a_task_of_ones_own_makes_one_attempt_with_the_hook(service, monkeypatch):
    from connector.integrations.airflow.hook import ConnectorHook

    refusing = service("429:1")
    monkeypatch.setenv(
        "AIRFLOW_CONN_OWN", json.dumps({"conn_type": "zoom", "password": TOKEN, "extra": {"kind": "accessToken"}})
    )
    hook = ConnectorHook("own")
    with pytest.raises(errors.RateLimited):
        hook.run_once("getUser", {"userId": "me"}, key="any")
    assert hook.run_once("getUser", {"userId": "me"}, key="any").data["email"] == "ada@example.com"
    assert len(refusing.asked) == 2
