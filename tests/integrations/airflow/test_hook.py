"""Airflow finds the provider, shows its forms and tests its connections; no secret is shown."""

from __future__ import annotations

import json

import pytest
from support.servers import TOKEN

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
    listed = json.loads(runtime.run("providers", "list", "--output", "json"))
    assert [one["package_name"] for one in listed if one["package_name"] == "connector"] == ["connector"]
    hooks = {one["connection_type"]: one for one in json.loads(runtime.run("providers", "hooks", "--output", "json"))}
    for conn_type, name in (("zoom", "BundledHook"), ("connector", "ConnectorHook")):
        assert hooks[conn_type]["class"] == f"connector.integrations.airflow.hook.{name}"
        assert hooks[conn_type]["conn_id_attribute_name"] == "connection"


@pytest.mark.parametrize(
    ("extra", "is_good", "told"),
    [
        ({"kind": "accessToken", "accessToken": TOKEN}, True, "Connected as ada@example.com, Ada Byron."),
        ({"accessToken": TOKEN}, False, "has no kind"),
        ({"kind": "apiJwt", "apiKey": "k", "apiSecret": TOKEN}, True, "It was not tried"),
    ],
    ids=["good", "no kind", "nothing to try"],
)
def test_a_connection_is_tested_by_a_call_that_changes_nothing(engine, service, extra, is_good, told):
    served = service()
    airflow = engine()
    name = f"tested-{len(extra)}-{is_good}"
    airflow.put_connection(name, conn_type="zoom", extra=json.dumps(extra))
    printed = airflow.runtime.run("connections", "test", name, **airflow.runtime.take_environment())
    assert ("Connection success!" in printed) is is_good
    assert told in " ".join(printed.split())
    assert TOKEN not in printed
    assert [one.method for one in served.asked] == (["GET"] if "Connected" in told else [])
