"""Bulk runs: bounded concurrency, a journal entry before sending, one result a row, no second create."""

from __future__ import annotations

import json
import threading
import time
from itertools import count

import pytest
from support.pace import wait_until
from support.servers import hang_up, held, reply

from connector import Client, Connection, Connector
from connector.core.response.parser import ResponseParser
from connector.errors import ConnectorError, InputError, Problem, SignInError, StoreError
from connector.runtime.bulk.journal import Journal
from connector.runtime.bulk.row_reader import Row
from connector.runtime.bulk.runner import BulkOptions, run_rows

OF = {"action": "createUser"}


def people(number, first=1):
    """Rows of createUser."""
    for place in range(first, first + number):
        given = {"email": f"u{place}@example.com", "firstName": "U", "lastName": str(place), "userType": 1}
        yield Row(place, place + 1, given)


def users(number):
    """Rows of an action on users by their ids."""
    return (Row(place, place + 1, {"userId": f"u{place}"}) for place in range(1, number + 1))


@pytest.fixture
def journal(tmp_path):
    """Open the journal of these rows, as often as they are run."""

    def make():
        return Journal(tmp_path / "rows.journal", OF, lambda: 0)

    return make


@pytest.fixture
def plain(zoom, token_connection, server):
    """A client on the machine's clock."""
    with Client(zoom, token_connection, base_url=server.url) as one:
        yield one


def emails(server):
    return [request.json()["user_info"]["email"] for request in server.requests]


def outcomes(results):
    return {one.number: one.outcome for one in results}


def test_every_row_has_one_result_with_what_came_back(plain, server):
    server.always(lambda request: reply(201, {"id": request.json()["user_info"]["email"]}))
    results = list(run_rows(plain, "createUser", people(40)))
    assert sorted(one.number for one in results) == list(range(1, 41))
    for one in results:
        assert one.data == {
            "row": one.number, "line": one.number + 1, "outcome": "done", "attempts": 1, "status": 201,
            "data": {"id": f"u{one.number}@example.com"},
        }  # fmt: skip
    assert sorted(emails(server)) == sorted(f"u{place}@example.com" for place in range(1, 41))


def test_so_many_are_under_way_at_once_and_no_more(plain, server):
    gate, most, lock, now = threading.Event(), [0], threading.Lock(), [0]
    full = threading.Event()

    def answer(request):
        with lock:
            now[0] += 1
            most[0] = max(most[0], now[0])
            if now[0] == 5:
                full.set()

        def play(line, request):
            assert gate.wait(30)
            with lock:
                now[0] -= 1
            return reply(201, {})(line, request)

        return play

    server.always(answer)
    rows = run_rows(plain, "createUser", people(30), options=BulkOptions(concurrency=5))
    taker = threading.Thread(target=list, args=(rows,))
    taker.start()
    assert full.wait(30)
    gate.set()
    taker.join(30)
    assert (most[0], server.count) == (5, 30)


def test_rows_are_read_no_further_ahead_than_results_are_taken(plain, server):
    seen, most, too_many = count(1), 2 * 5 + 1, threading.Event()  # what may wait, and one for the one that was taken

    def endless():
        for row in people(10_000):
            if next(seen) > most:
                too_many.set()
            yield row

    with run_rows(plain, "createUser", endless(), options=BulkOptions(concurrency=2)) as rows:
        next(rows)
        wait_until(lambda: server.count >= most - 1)
        assert not too_many.wait(0.3)
    assert server.count <= most + 1


def test_a_create_is_on_the_disk_before_it_is_at_the_service(plain, server, journal, tmp_path):
    """The server itself looks into the journal when a request comes."""
    early = []

    def answer(request):
        number = int(request.json()["user_info"]["last_name"])
        if f'{{"begin":{number},' not in (tmp_path / "rows.journal").read_text(encoding="utf-8"):
            early.append(number)
        return reply(201, {})

    server.always(answer)
    with journal() as one:
        assert len(list(run_rows(plain, "createUser", people(50), journal=one))) == 50
    assert (early, server.count) == ([], 50)


def test_what_waits_for_its_turn_is_not_begun(zoom, token_connection, server, journal, clock):
    """A row whose call ends before sending leaves no uncertain entry."""
    server.then(reply(429, {}, headers=[("Retry-After", "5")])).always(reply(201, {}))
    begun = []
    with Client(zoom, token_connection, base_url=server.url, clock=clock) as one, journal() as kept:
        clock.on_wait = lambda _: begun.append((kept.path.read_text(encoding="utf-8").count("begin"), server.count))
        list(run_rows(one, "createUser", people(2), journal=kept, options=BulkOptions(concurrency=1)))
    assert begun == [(1, 1)], "while the first waits for its second attempt, it alone is begun"


def test_reads_are_not_begun_and_repeatable_rows_say_so(plain, server, journal):
    with journal() as one:
        list(run_rows(plain, "getUser", users(3), journal=one))
        assert '"begin"' not in one.path.read_text(encoding="utf-8")
    one.path.unlink()
    with journal() as two:
        list(run_rows(plain, "deleteUser", users(3), journal=two))
        assert two.path.read_text(encoding="utf-8").count('"again":true') == 3


def test_the_first_failure_ends_it_and_what_is_under_way_comes_to_its_end(plain, server, journal):
    server.then(reply(201, {}), reply(400, {"code": 300, "message": "no"})).always(reply(201, {}))
    with journal() as one:
        results = list(run_rows(plain, "createUser", people(50), journal=one, options=BulkOptions(concurrency=3)))
    assert sum(one.outcome == "rejected" for one in results) == 1
    assert len(results) == server.count < 50
    with journal() as two:
        later = list(run_rows(plain, "createUser", people(50), journal=two, options=BulkOptions(concurrency=3)))
    assert sorted(outcomes(later)) == list(range(1, 51))
    assert [one.from_earlier_run for one in later].count(True) == len(results)
    assert server.count == 50, "the one that failed is not tried again by itself"


def test_keep_going_runs_all_and_retry_failed_runs_those_that_failed(plain, server, journal):
    server.always(lambda request: reply(400 if int(request.json()["user_info"]["last_name"]) % 2 else 201, {"code": 1}))
    with journal() as one:
        first = outcomes(run_rows(plain, "createUser", people(10), journal=one, options=BulkOptions(keep_going=True)))
    assert first == {number: "rejected" if number % 2 else "done" for number in range(1, 11)}
    server.always(reply(201, {}))
    with journal() as two:
        how = BulkOptions(keep_going=True, retry_failed=True)
        assert set(outcomes(run_rows(plain, "createUser", people(10), journal=two, options=how)).values()) == {"done"}
    assert server.count == 15
    with journal() as three:
        assert set(outcomes(run_rows(plain, "createUser", people(10), journal=three)).values()) == {"done"}
    assert server.count == 15


def test_a_row_that_may_have_been_done_is_never_sent_again(plain, server, journal):
    server.then(hang_up()).always(reply(201, {}))
    with journal() as one:
        how = BulkOptions(concurrency=1, keep_going=True)
        first = outcomes(run_rows(plain, "createUser", people(3), journal=one, options=how))
    assert first == {1: "uncertain", 2: "done", 3: "done"}
    with journal() as two:
        again = BulkOptions(keep_going=True, retry_failed=True)
        assert outcomes(run_rows(plain, "createUser", people(3), journal=two, options=again)) == first
    assert server.count == 3
    with journal() as three:
        three.resolve_row(1, "again")
        assert set(outcomes(run_rows(plain, "createUser", people(3), journal=three)).values()) == {"done"}
    assert server.count == 4


@pytest.mark.parametrize("state", ["begun", "uncertain"])
def test_a_create_that_a_run_left_is_uncertain_and_a_removal_runs_again(plain, server, journal, state):
    for action, again in (("createUser", False), ("deleteUser", True)):
        with journal() as one:
            one.record_start(1, 2, None, may_resend=again)
            if state == "uncertain":
                one.record_result({"row": 1, "line": 2, "outcome": "uncertain", "error": {"type": "TransportError"}})
        before = server.count
        server.then(reply(404, {"code": 1001, "message": "no such user"}))
        with journal() as two:
            rows = people(1) if action == "createUser" else users(1)
            (result,) = run_rows(plain, action, rows, journal=two)
        sent = again and state == "begun"
        assert server.count - before == sent
        assert result.outcome == ("done" if sent else "uncertain"), "what is gone is removed"
        one.path.unlink()


def test_a_row_with_an_idempotency_key_runs_again_with_the_same_key(server, journal):
    stripe = Connector.open("examples/stripe")
    kind, declared = next(iter(stripe.manifest.connections.items()))
    connection = Connection(stripe, kind, **dict.fromkeys(declared.inputs, "a-secret-key-of-tests"))
    with Client(stripe, connection, base_url=server.url) as client:
        with journal() as one:
            one.record_start(1, 2, "key-of-the-first-run", may_resend=True)
        with journal() as two:
            rows = [Row(1, 2, {"email": "a@example.com"}), Row(2, 3, {"email": "b@example.com"})]
            results = list(
                run_rows(client, "createCustomer", iter(rows), journal=two, options=BulkOptions(concurrency=1))
            )
            noted = two.path.read_text(encoding="utf-8")
    assert [one.outcome for one in results] == ["done", "done"]
    keys = [request.header("Idempotency-Key") for request in server.requests]
    assert keys[0] == "key-of-the-first-run"
    assert keys[1] not in (None, keys[0])
    assert json.dumps(keys[1]) in noted, "so that the next run can send it again"


@pytest.mark.parametrize(("age", "outcome"), [(86_000, "done"), (86_800, "uncertain")])
def test_a_key_that_the_service_may_have_forgotten_makes_no_second_request_safe(server, journal, age, outcome):
    stripe = Connector.open("examples/stripe")
    kind, declared = next(iter(stripe.manifest.connections.items()))
    connection = Connection(stripe, kind, **dict.fromkeys(declared.inputs, "a-secret-key-of-tests"))
    server.always(reply(200, {"id": "cus_1"}))
    with journal() as one:
        one.record_start(1, 2, "key-1", may_resend=True)
    lines = one.path.read_text("utf-8").splitlines()
    lines[1] = json.dumps(json.loads(lines[1]) | {"at": time.time() - age})
    one.path.write_text("\n".join(lines) + "\n", "utf-8")
    with Client(stripe, connection, base_url=server.url) as client, journal() as two:
        (result,) = run_rows(client, "createCustomer", iter([Row(1, 2, {"email": "a@example.com"})]), journal=two)
    assert result.outcome == outcome
    assert server.count == (outcome == "done")


def test_a_sign_in_that_ends_stops_all_and_blames_no_row(plain, server, journal):
    server.then(reply(201, {})).always(reply(401, {"code": 124, "message": "Invalid access token."}))
    results = []
    with journal() as one, pytest.raises(SignInError):
        results.extend(
            run_rows(plain, "createUser", people(30), journal=one, options=BulkOptions(concurrency=1, keep_going=True))
        )
    assert server.count == 2
    server.always(reply(201, {}))
    with journal() as two:
        assert set(outcomes(run_rows(plain, "createUser", people(30), journal=two)).values()) == {"done"}
    assert server.count == 1 + 1 + 29, "the one that met it is run with the others"


def test_a_journal_that_cannot_be_written_stops_all_before_it_sends(plain, server, journal, monkeypatch):
    with journal() as one:
        write, lines = one._write_line, []

        def full(data):
            lines.append(data)
            if len(lines) > 5:
                raise StoreError("no space")
            return write(data)

        monkeypatch.setattr(one, "_write_line", full)
        with pytest.raises(StoreError, match="no space"):
            list(
                run_rows(
                    plain, "createUser", people(30), journal=one, options=BulkOptions(concurrency=1, keep_going=True)
                )
            )
    begun = [line for line in lines[:5] if "begin" in line]
    assert server.count == len(begun)


def test_a_row_that_cannot_be_sent_is_a_failure_of_its_own(plain, server):
    wrong = InputError.from_problems("row", [Problem("the row", "2 cells", "3")])
    rows = [*people(1), Row(2, 3, error=wrong), Row(3, 4, {"email": "x"}), *people(1, 4)]
    results = {
        one.number: one for one in run_rows(plain, "createUser", iter(rows), options=BulkOptions(keep_going=True))
    }
    assert outcomes(results.values()) == {1: "done", 2: "not_sent", 3: "not_sent", 4: "done"}
    assert results[2].error is wrong
    assert results[3].data["error"]["problems"]
    assert server.count == 2


def test_rows_that_cannot_be_read_on_end_it_with_their_error(plain, server):
    def torn():
        yield from people(3)
        raise InputError("rows.csv cannot be read on")

    results = []
    with pytest.raises(InputError, match="cannot be read on"):
        results.extend(run_rows(plain, "createUser", torn(), options=BulkOptions(keep_going=True)))
    assert server.count == 3


def test_a_mistake_of_ours_is_raised_and_hangs_nobody(plain):
    def broken():
        yield from people(1)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        list(run_rows(plain, "createUser", broken()))


def test_stopping_lets_what_is_under_way_end_and_names_what_it_left(plain, server, journal):
    gate = threading.Event()
    server.then(reply(201, {})).always(held(gate, reply(201, {})))
    with journal() as one:
        rows = run_rows(plain, "createUser", people(30), journal=one, options=BulkOptions(concurrency=3))
        next(rows)
        wait_until(lambda: server.count >= 4)
        assert list(rows.drain(0.0)) == []
        assert [left.outcome for left in rows.list_interrupted()] == ["uncertain"] * 3
        gate.set()
        ended = list(rows.drain(30.0))
        assert [one.outcome for one in ended] == ["done"] * 3
        assert (rows.list_interrupted(), server.count) == ([], 4)


def test_closing_waits_for_what_is_under_way_and_begins_nothing(plain, server):
    with run_rows(plain, "createUser", people(1000), options=BulkOptions(concurrency=4)) as rows:
        next(rows)
    seen = server.count
    assert seen < 1000
    assert not any(thread.name.startswith("row-") for thread in threading.enumerate())


def test_a_row_that_something_unexpected_ended_has_an_outcome_and_ends_the_run(plain, server, journal, monkeypatch):
    def broken(*_):
        raise TypeError("canary")

    monkeypatch.setattr(ResponseParser, "parse", broken)
    for action, rows, outcome in (("createUser", people(3), "uncertain"), ("getUser", users(3), "rejected")):
        run = run_rows(plain, action, rows, options=BulkOptions(concurrency=1))
        results = [next(run)]
        with pytest.raises(ConnectorError) as caught:
            next(run)
        assert [one.outcome for one in results] == [outcome]
        assert caught.value.outcome == outcome
        assert "canary" not in json.dumps(results[0].data)
