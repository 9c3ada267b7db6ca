"""A call within a step: one attempt, repeated by Dagster, failed with its facts, and never sent twice blindly."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from support.servers import reply

from connector import errors

dg = pytest.importorskip("dagster", reason="dagster is not installed: pip install '.[dagster]'")

from connector.integrations.dagster import ConnectorResource, retry_or_fail  # noqa: E402  after the check
from connector.integrations.work import run_once  # noqa: E402

MEETING = {"userId": "me", "topic": "Standup"}
RETRY_AFTER = 2  # seconds


def build_job(function, **options):
    """Return a job of one op, in the process of the run."""

    @dg.job(name="one", executor_def=dg.in_process_executor, resource_defs={"zoom": ConnectorResource(**options)})
    def one():
        function()

    return one


@dg.op(required_resource_keys={"zoom"})
def create_meeting(context):
    return context.resources.zoom.run(context, "createMeeting", MEETING).data["topic"]


@dg.op(required_resource_keys={"zoom"})
def find_user(context):
    return context.resources.zoom.run(context, "getUser", {"userId": "nobody@example.com"}).data


@dg.op(required_resource_keys={"zoom"}, retry_policy=dg.RetryPolicy(max_retries=3))
def create_and_stumble(context):
    context.resources.zoom.run(context, "createMeeting", MEETING)
    raise OSError("the disk is full")


@dg.op(required_resource_keys={"zoom"})
def switch_twice(context):
    for _ in range(2):
        context.resources.zoom.run(context, "switch")


def read_facts(result):
    """Return the metadata of the failure of the only step."""
    (failed,) = [event for event in result.all_events if event.is_step_failure]
    return {name: value.value for name, value in failed.step_failure_data.user_failure_data.metadata.items()}


def test_dagster_repeats_an_attempt_when_the_service_accepts_it_again(service, instance):
    refusing = service("429:1", retry_after=RETRY_AFTER)
    result = build_job(create_meeting).execute_in_process(instance=instance)
    refused, accepted = refusing.asked
    assert (refused.status, accepted.status) == (429, 201)
    assert accepted.at - refused.at >= 0.95 * RETRY_AFTER
    assert result.output_for_node("create_meeting") == "Standup"


def test_a_failure_has_the_facts_of_the_error_as_metadata(service, instance):
    service()
    result = build_job(find_user).execute_in_process(instance=instance, raise_on_error=False)
    facts = read_facts(result)
    error = errors.from_dict(facts.pop("error"))
    assert isinstance(error, errors.NotFound)
    assert facts == {
        "type": "NotFound",
        "outcome": "rejected",
        "status": 404,
        "code": error.code,
        "request_id": error.request_id,
        "hint": error.hint,
        "retryable": False,
    }


def test_the_last_attempt_fails_with_the_facts_of_its_error(service, instance):
    refusing = service("429:9")
    result = build_job(create_meeting, attempts=2).execute_in_process(instance=instance, raise_on_error=False)
    assert len(refusing.asked) == 2
    assert read_facts(result)["type"] == "RateLimited"


def test_no_retry_policy_repeats_what_may_have_been_done(service, instance):
    dropping = service("drop-reply:1")
    job = build_job(create_meeting.with_retry_policy(dg.RetryPolicy(max_retries=3)))
    result = job.execute_in_process(instance=instance, raise_on_error=False)
    assert read_facts(result)["outcome"] == "uncertain"
    assert len(dropping.asked) == 1


def test_a_step_that_fails_after_its_write_does_not_write_again(service, instance):
    served = service()
    result = build_job(create_and_stumble).execute_in_process(instance=instance, raise_on_error=False)
    assert served.list_topics() == ["Standup"]
    facts = read_facts(result)
    assert facts["type"] == "UsageError"
    assert "new run" in facts["hint"]


def test_a_read_leaves_no_note_in_the_event_log(service, instance):
    service()
    result = build_job(find_user).execute_in_process(instance=instance, raise_on_error=False)
    logs = instance.all_logs(result.run_id, of_type=dg.DagsterEventType.ENGINE_EVENT)
    assert not [entry for entry in logs if "connector/call" in entry.dagster_event.engine_event_data.metadata]


def test_each_call_has_a_key_that_stays_the_same_in_all_attempts(folder, server, instance, monkeypatch):
    lines = "idempotency: {to: header.Idempotency-Key}\n"
    connector = folder(lines, {"switch": "action: switch\nlabel: Switch\nsummary: A lamp.\nrequest: POST /switch\n"})
    monkeypatch.setenv("LAMP_BASE_URL", server.url)
    monkeypatch.setenv("LAMP_API_KEY", "k")
    server.then(reply(200, {}), reply(429, {}, headers=[("Retry-After", "1")]))
    result = build_job(switch_twice, folder=str(connector.folder)).execute_in_process(instance=instance)
    keys = [one.header("Idempotency-Key") for one in server.requests]
    first, second = f"{result.run_id}:switch_twice:1", f"{result.run_id}:switch_twice:2"
    assert keys == [first, second, first, second]


def test_an_asset_can_be_called_as_a_function(service):
    service("429:1")

    @dg.asset
    def users(context, zoom: ConnectorResource):
        return zoom.run(context, "listUsers").data["users"]

    with pytest.raises(dg.RetryRequested):
        users(dg.build_asset_context(), zoom=ConnectorResource())
    assert [user["email"] for user in users(dg.build_asset_context(), zoom=ConnectorResource())] == ["ada@example.com"]


def test_a_list_is_read_whole_and_told_incomplete_where_it_is_cut(service):
    served = service()
    for number in range(3):
        run_once("createMeeting", {"userId": "me", "topic": f"Meeting {number}"})
    resource = ConnectorResource(connection="acme")
    whole = resource.read_list("listMeetings", {"userId": "me"}, page_size=2)
    assert sorted(meeting["topic"] for meeting in whole.data) == ["Meeting 0", "Meeting 1", "Meeting 2"]
    assert (whole.complete, whole.pages) == (True, 2)
    cut = resource.read_list("listMeetings", {"userId": "me"}, limit=2)
    assert (len(cut.data), cut.complete) == (2, False)
    assert len(served.asked) == 6


def test_an_error_that_would_wait_too_long_is_a_failure():
    late = errors.RateLimited("x", retryable=True, retry_at=datetime.now(UTC) + timedelta(hours=2))
    with pytest.raises(dg.Failure) as caught:
        retry_or_fail(late)
    assert caught.value.allow_retries is False
    with pytest.raises(dg.RetryRequested) as asked:
        retry_or_fail(late, longest_wait=86_400, attempts=3)
    assert asked.value.max_retries == 2
    assert 7_100 < asked.value.seconds_to_wait <= 7_200
