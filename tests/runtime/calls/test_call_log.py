"""One line a call, its time, and the begin and end that an observer sees."""

from __future__ import annotations

import json
import logging

import pytest
from support.servers import hang_up, reply

from connector import Observer, errors

READ = ("getUser", {"userId": "me"})
CREATE = ("createMeeting", {"userId": "me", "topic": "canary-topic"})


@pytest.fixture
def lines(caplog):
    """The records of calls."""
    caplog.set_level(logging.INFO, logger="connector.call")
    return lambda: [record for record in caplog.records if record.name == "connector.call"]


def test_a_call_is_one_line_with_its_facts(runner, server, clock, lines):
    server.then(reply(429, headers=[("Retry-After", "3")]), reply(200, {"id": 1}))
    result = runner(server.url, clock=clock).run(*READ)
    (record,) = lines()
    assert record.levelno == logging.INFO
    assert record.getMessage() == "getUser done status=200 attempts=2 seconds=3.0"
    facts = (record.action, record.outcome, record.status, record.attempts, record.seconds)
    assert facts == ("getUser", "done", 200, 2, pytest.approx(3, abs=0.01))
    assert (record.connector, record.connection, record.request_id) == ("zoom", "accessToken", result.request_id)
    assert result.elapsed == pytest.approx(3, abs=0.01)


@pytest.mark.parametrize(
    ("answer", "call", "line"),
    [
        (reply(404), READ, "getUser rejected status=404 attempts=1 seconds=0.0 error=NotFound"),
        (hang_up(), CREATE, "createMeeting uncertain status=None attempts=1 seconds=0.0 error=TransportError"),
    ],
)
def test_a_call_that_fails_is_one_line_too(runner, server, clock, lines, answer, call, line):
    server.always(answer)
    with pytest.raises(errors.ConnectorError):
        runner(server.url, clock=clock).run(*call, retry={"maxRetries": 0})
    assert [record.getMessage() for record in lines()] == [line]


def test_the_facts_of_a_line_are_json(runner, server, lines):
    server.always(reply(400, {"code": 300, "message": "No."}))
    with pytest.raises(errors.ConnectorError):
        runner(server.url).run(*READ)
    usual = {*vars(logging.makeLogRecord({})), "message", "asctime", "taskName"}
    facts = {name: value for name, value in vars(lines()[0]).items() if name not in usual}
    assert json.loads(json.dumps(facts)) == facts
    assert (facts["code"], facts["error"]) == ("300", "Rejected")


def test_inputs_that_are_refused_are_no_call(runner, server, lines):
    with pytest.raises(errors.InputError):
        runner(server.url).run("getUser", {})
    assert lines() == []


def test_a_listing_is_one_line_however_it_is_read(runner, server, lines):
    page = {"users": [{"id": 1}], "next_page_token": "t"}
    last = {"users": [{"id": 2}], "next_page_token": ""}
    client = runner(server.url)
    for read in (client.run, client.items):
        server.then(reply(200, page), reply(200, last))
        read("listUsers")
    assert [record.action for record in lines()] == ["listUsers"] * 2


def test_a_handler_that_fails_fails_no_call(runner, server):
    class Failing(logging.Filter):
        def filter(self, record):
            raise ValueError("no")

    logger = logging.getLogger("connector.call")
    failing, level = Failing(), logger.level
    logger.addFilter(failing)
    logger.setLevel(logging.INFO)
    try:
        assert runner(server.url).run(*READ).status == 200
    finally:
        logger.removeFilter(failing)
        logger.setLevel(level)


def test_the_line_is_off_unless_it_is_asked_for(runner, server, caplog):
    caplog.set_level(logging.WARNING)
    runner(server.url).run(*READ)
    assert caplog.records == []


class Diary(Observer):
    """Notes begin, asks and end."""

    def __init__(self, fails=()):
        self.entries, self.fails = [], fails

    def _note(self, what, call):
        self.entries.append((what, call.action))
        if what in self.fails:
            raise errors.StoreError(f"canary of {what}")

    def begin(self, call):
        call.notes[self] = 0
        self._note("begin", call)

    def before(self, call, ask):
        call.notes[self] += 1

    def end(self, call, outcome):
        self.asks, self.outcome = call.notes[self], outcome
        self._note("end", call)


def test_an_observer_sees_begin_and_end_once(runner, server):
    server.then(reply(503))
    diary = Diary()
    result = runner(server.url, observe=diary).run(*READ)
    assert diary.entries == [("begin", "getUser"), ("end", "getUser")]
    assert diary.outcome == result
    assert diary.asks > 2


def test_an_observer_sees_the_error_that_ended_a_call(runner, server):
    server.always(reply(404))
    diary = Diary()
    with pytest.raises(errors.NotFound) as caught:
        runner(server.url, observe=diary).run(*READ)
    assert diary.outcome is caught.value


def test_an_observer_that_fails_at_the_begin_ends_the_call_before_anything_is_sent(runner, server):
    with pytest.raises(errors.StoreError, match="canary of begin"):
        runner(server.url, observe=Diary(["begin"])).run(*READ)
    assert server.count == 0


def test_an_observer_that_fails_at_the_end_changes_nothing(runner, server, caplog):
    assert runner(server.url, observe=Diary(["end"])).run(*READ).outcome == "done"
    assert "Diary.end failed after the reply: StoreError." in caplog.text
    assert "canary" not in caplog.text


def test_the_data_of_a_result_does_not_depend_on_the_time(runner, server, clock):
    server.then(reply(429, headers=[("Retry-After", "1")]))
    first, second = (runner(server.url, clock=clock).run(*READ) for _ in range(2))
    assert first.elapsed > second.elapsed
    assert "elapsed" not in json.dumps(first.to_dict())
