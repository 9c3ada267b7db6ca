"""An event starts one run of a DAG, by Airflow's REST API; credentials come from the environment."""

from __future__ import annotations

import pytest
from support.pace import wait_until
from support.processes.engines.airflow_runtime import PASSWORD, USER

from connector import errors
from connector.core.webhook.event import Event
from connector.integrations.airflow import events

URL, USERNAME, PASSWORD_NAME, TOKEN = events.VARIABLES


def make_event(key):
    data = {"payload": {"object": {"id": "me"}}}
    return Event("webhook", "user.updated", None, None, data["payload"]["object"], data, b"", key, "me")


@pytest.fixture
def api_of():
    """Open APIs that are closed after the test."""
    opened = []

    def open_api(runtime, **credentials):
        opened.append(events.AirflowApi(runtime.url, **credentials))
        return opened[-1]

    yield open_api
    for one in opened:
        one.close()


def test_an_event_is_the_id_of_its_run_and_comes_with_what_else_is_given(service, engine, api_of):
    served = service()
    airflow = engine()
    api = api_of(airflow.runtime, username=USER, password=PASSWORD)
    key = f"key-{id(api)}"
    assert [events.start_for_event(make_event(key), "on_event", api=api, more=1) for _ in range(3)] == [key] * 3
    handle = f"/api/v2/dags/on_event/dagRuns/{key}"
    assert airflow.read_result(handle)["data"]["email"] == "ada@example.com"
    conf = airflow.runtime.ask("GET", handle)[1]["conf"]
    assert (conf["event"]["subject"], conf["more"]) == ("me", 1)
    assert len(served.asked) == 1


def test_a_token_that_airflow_no_longer_accepts_is_replaced(engine, api_of):
    airflow = engine()
    api = api_of(airflow.runtime, username=USER, password=PASSWORD, token="ended")
    assert api.start_run("on_event", f"token-{id(api)}", {})
    assert not api.start_run("on_event", f"token-{id(api)}", {})


@pytest.mark.parametrize(
    ("credentials", "dag_id", "error", "told"),
    [
        ({"username": USER, "password": "wrong"}, "on_event", errors.SignInError, "does not accept the user name"),
        ({"token": "wrong"}, "on_event", errors.SignInError, "HTTP 403"),
        ({"username": USER, "password": PASSWORD}, "none", errors.ConnectorError, "answered 404"),
    ],
    ids=["password", "token", "DAG"],
)
def test_what_airflow_refuses_is_told_without_a_secret(engine, api_of, credentials, dag_id, error, told):
    api = api_of(engine().runtime, **credentials)
    with pytest.raises(error, match=told) as caught:
        events.start_for_event(make_event("any"), dag_id, api=api)
    for secret in ("wrong", PASSWORD):
        assert secret not in f"{caught.value!r} {caught.value} {api!r}"


def test_the_api_and_its_credentials_are_those_of_the_environment(engine, monkeypatch, tmp_path):
    airflow = engine()
    (tmp_path / "password").write_text(PASSWORD)
    monkeypatch.setenv(URL, airflow.runtime.url)
    monkeypatch.setenv(USERNAME, USER)
    monkeypatch.setenv(f"{PASSWORD_NAME}_FILE", str(tmp_path / "password"))
    key = f"env-{id(tmp_path)}"
    try:
        assert events.start_for_event(make_event(key), "on_event") == key
    finally:
        assert events.open_api() is events.open_api()
        events.open_api().close()
    wait_until(lambda: airflow.read_task(f"/api/v2/dags/on_event/dagRuns/{key}")["state"])


@pytest.mark.parametrize(
    ("variables", "told"),
    [
        ({}, "It is not known where Airflow is"),
        ({URL: "https://airflow.example.com"}, "There are no credentials"),
        ({URL: "http://airflow.example.com", TOKEN: "t"}, "unencrypted"),
    ],
)
def test_an_environment_that_lacks_something_says_what(monkeypatch, variables, told):
    for name in events.VARIABLES:
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(errors.UsageError, match=told):
        events.start_for_event(make_event("any"), "on_event")
