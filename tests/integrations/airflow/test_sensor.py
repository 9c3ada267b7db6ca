"""A sensor waits until what an action reads is as expected, on a worker or in the triggerer."""

from __future__ import annotations

import pytest
from support.pace import wait_until
from support.processes.engines.airflow_runtime import end
from support.servers import TOKEN

from connector import Client, Connection, errors

UNTIL = "meetings[?topic=='Standup'] | [0].topic"


def create_meeting(zoom, served):
    with Client(zoom, Connection(zoom, "accessToken", accessToken="t"), base_url=served.url) as client:
        client.run("createMeeting", {"userId": "me", "topic": "Standup"})


@pytest.fixture(params=["sensor", "deferrable_sensor"])
def start_sensor(request, engine):
    """Start a sensor of either kind; the triggerer runs where it is needed."""
    started = []

    def start(conf):
        airflow = engine()
        if request.param == "deferrable_sensor":
            started.append(airflow.runtime.start("triggerer", **airflow.runtime.take_environment()))
        return airflow, airflow.start_run(request.param, conf)

    yield start
    for process in started:
        end(process)


def test_a_sensor_waits_until_a_jmespath_is_true_of_the_data_and_returns_what_it_found(service, start_sensor, zoom):
    refusing = service("429:1")
    conf = {"action": "listMeetings", "given": {"userId": "me"}, "until": UNTIL, "connection": "acme"}
    airflow, handle = start_sensor(conf)
    wait_until(lambda: len(refusing.asked) > 2)
    create_meeting(zoom, refusing)
    assert airflow.wait_for_end(handle) == "success"
    assert airflow.read_xcom(handle, "return_value") == "Standup"
    assert [one.status for one in refusing.asked[:2]] == [429, 200]
    assert airflow.read_task(handle)["try_number"] == 1
    assert TOKEN not in airflow.read_history().decode(errors="replace")


def test_a_sensor_ends_with_an_error_that_waiting_will_not_mend(service, start_sensor):
    strict = service()
    conf = {"action": "getMeeting", "given": {"meetingId": "404"}, "until": "id"}
    airflow, handle = start_sensor(conf)
    assert airflow.wait_for_end(handle) == "failed"
    assert len(strict.asked) == 1


def test_a_sensor_refuses_an_action_that_changes_something(service, engine):
    untouched = service()
    airflow = engine()
    handle = airflow.start_run("sensor", {"action": "createMeeting", "given": {"userId": "me"}, "until": "id"})
    assert airflow.wait_for_end(handle) == "failed"
    assert untouched.asked == []


def test_a_trigger_is_rebuilt_from_arguments_that_name_a_connection_and_hold_no_secret():
    from connector.integrations.airflow.trigger import ConnectorTrigger

    arguments = {
        "hook": {"connection": "acme", "folder": None},
        "action": "listMeetings",
        "given": {"userId": "me"},
        "until": UNTIL,
        "poke_interval": 60,
    }
    path, kept = ConnectorTrigger(**arguments).serialize()
    assert path == "connector.integrations.airflow.trigger.ConnectorTrigger"
    assert ConnectorTrigger(**kept).serialize() == (path, arguments)


def test_an_until_that_is_no_jmespath_is_told():
    from connector.integrations.airflow.trigger import search_data

    assert search_data("a[0]", {"a": [1]}) == 1
    with pytest.raises(errors.UsageError, match="which is no JMESPath"):
        search_data("a[", {})
