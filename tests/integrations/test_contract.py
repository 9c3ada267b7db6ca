"""What every engine keeps: it repeats when the service says so, and never what may have been done."""

from __future__ import annotations

import time

import pytest
from support.pace import wait_until
from support.processes.engines import INSTALLED
from support.receivers import SECRET, ServedReceiver, body
from support.servers import TOKEN

from connector import Receiver, errors

if not INSTALLED:
    pytest.skip("no workflow engine is installed, so there is none to hold to the contract", allow_module_level=True)

RETRY_AFTER = 1.0  # seconds, what the sandbox says with a 429
CANCELLED_WAIT = 4  # seconds, long enough for an engine to hear of it
MEETING = {"userId": "me", "topic": "Standup"}


def test_a_call_that_is_told_to_wait_succeeds_when_the_service_accepts_it_again(service, make_engine):
    with_faults = service("429:1")
    engine = make_engine()
    result = engine.read_result(engine.start("createMeeting", MEETING))
    refused, accepted = with_faults.asked
    assert (refused.status, accepted.status) == (429, 201)
    assert accepted.at - refused.at >= 0.95 * RETRY_AFTER
    assert accepted.at - refused.at < 15
    assert result["data"]["topic"] == "Standup"
    assert (result["status"], result["outcome"]) == (201, "done")
    assert with_faults.list_topics() == ["Standup"]


def test_a_call_that_nothing_will_mend_is_made_once_and_tells_all_facts(service, make_engine):
    strict = service()
    engine = make_engine()
    with pytest.raises(errors.NotFound) as caught:
        engine.read_result(engine.start("getMeeting", {"meetingId": "404"}))
    assert [one.status for one in strict.asked] == [404]
    error = caught.value
    assert (error.status, error.code, error.outcome, error.retryable) == (404, 3001, "rejected", False)
    assert error.request_id


def test_a_call_with_wrong_inputs_sends_nothing_and_tells_every_problem(service, make_engine):
    untouched = service()
    engine = make_engine()
    with pytest.raises(errors.InputError) as caught:
        engine.read_result(engine.start("createMeeting", {"topik": "x", "duration": "an hour"}))
    assert {problem.field for problem in caught.value.problems} == {"topik", "duration", "userId"}
    assert untouched.asked == []


def test_a_write_whose_reply_is_lost_is_told_uncertain_and_never_repeated(service, make_engine):
    dropping = service("drop-reply:1")
    engine = make_engine()
    with pytest.raises(errors.TransportError) as caught:
        engine.read_result(engine.start("createMeeting", MEETING))
    assert caught.value.outcome == "uncertain"
    assert len(dropping.asked) == 1
    assert dropping.list_topics() == ["Standup"]


def test_attempts_end_after_as_many_as_were_asked_for(service, make_engine):
    refusing = service("429:9")
    engine = make_engine()
    with pytest.raises(errors.RateLimited):
        engine.read_result(engine.start("getUser", {"userId": "me"}, attempts=2))
    assert [one.status for one in refusing.asked] == [429, 429]


def test_a_call_that_would_wait_too_long_fails_at_once(service, make_engine):
    refusing = service("429:9")
    engine = make_engine()
    with pytest.raises(errors.RateLimited) as caught:
        engine.read_result(engine.start("getUser", {"userId": "me"}, longest_wait=0.1))
    assert caught.value.retry_at is not None
    assert len(refusing.asked) == 1


def test_a_run_that_is_cancelled_while_it_waits_sends_nothing_more(service, make_engine):
    refusing = service("429:9", retry_after=CANCELLED_WAIT)
    engine = make_engine()
    handle = engine.start("createMeeting", MEETING)
    wait_until(lambda: refusing.asked)
    engine.cancel(handle)
    with pytest.raises(Exception, match=r"(?i)cancel|revoke|terminat"):  # each engine has its own words for it
        engine.read_result(handle)
    time.sleep(CANCELLED_WAIT)
    assert len(refusing.asked) == 1


def test_no_secret_is_in_a_history_a_result_or_a_log(service, make_engine, caplog, capfd):
    caplog.set_level("DEBUG")
    service("429:1")
    engine = make_engine()
    result = engine.read_result(engine.start("getUser", {"userId": "me"}, connection="acme"))
    with pytest.raises(errors.InputError):
        engine.read_result(engine.start("getUser", {}, connection="acme"))
    with pytest.raises(errors.SignInError) as caught:
        engine.read_result(engine.start("getUser", {"userId": "me"}, connection="nobody"))
    history = engine.read_history()
    assert b"getUser" in history
    assert b"acme" in history
    printed = "".join(capfd.readouterr())
    for seen in (history.decode(errors="replace"), caplog.text, printed, repr(result), repr(caught.value.to_dict())):
        assert TOKEN not in seen
        assert TOKEN.rpartition("/")[0] not in seen


def test_an_event_that_comes_twice_starts_one_run(service, make_engine, zoom, tmp_path):
    read = service()
    engine = make_engine()
    receiver = Receiver(zoom, SECRET, inbox=f"sqlite:///{tmp_path}/inbox/events.db")
    receiver.on("meeting.*")(engine.start_for_event)
    first, second, last = body(1, about="me"), body(2, about="ada"), body(3, about="last")

    def list_users() -> list[str]:
        return [one.path.rpartition("/")[2] for one in read.asked]

    with ServedReceiver(receiver) as served:
        for content in (first, first, second, first):
            assert served.post(content) == 200
        wait_until(lambda: len(read.asked) >= 2)
        assert served.post(first) == 200
        assert served.post(last) == 200
        wait_until(lambda: "last" in list_users())
    assert sorted(list_users()) == ["ada", "last", "me"]
