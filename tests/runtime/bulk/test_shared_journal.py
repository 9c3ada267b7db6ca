"""The journal of runs in a database: a row has one worker and one result, whoever is taken for dead."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from support import private_postgres
from support.pace import wait_until
from support.processes.files import read_files

from connector.errors import InputError, Problem, StoreError, UsageError
from connector.runtime.bulk.row_reader import Row
from connector.runtime.bulk.shared_journal import SharedJournal
from connector.runtime.bulk.shared_judgement import judge_run
from connector.runtime.bulk.shared_loading import check_key, load_rows
from connector.runtime.bulk.shared_results import count_rows, iter_results
from connector.runtime.bulk.shared_rows import RowTaken, WorkerRows
from connector.runtime.bulk.shared_tables import RUN_CANCELLED
from connector.runtime.storage.encryption import generate_key

HEADER = {"action": "createUser", "rows": "digest", "values": "digest"}
FACTS = {"options": {}, "queue": "zoom", "keep_going": True}


_workers: list[WorkerRows] = []


@pytest.fixture(autouse=True)
def _close_workers():
    """Workers keep a connection, of which a server has few."""
    yield
    for one in _workers:
        one.close()
    _workers.clear()


@pytest.fixture(params=["SQLite", "PostgreSQL"])
def journal(request, tmp_path):
    """A journal in a new database."""
    url = private_postgres.fresh() if request.param == "PostgreSQL" else f"sqlite:///{tmp_path}/rows.db"
    with SharedJournal(url) as one:
        yield one


def load(journal, count=12, **facts):
    """Store a run of rows."""
    run = journal.create_run("people", HEADER, count=count, **{**FACTS, **facts})
    rows = [Row(number, number + 1, {"name": f"n{number}"}) for number in range(1, count + 1)]
    assert list(load_rows(journal, run, rows))[-1] == count
    return journal.find_run("people")


def worker(journal, name):
    """Return the rows as a worker of this name sees them."""
    _workers.append(WorkerRows(journal, name))
    return _workers[-1]


def done(number):
    """Return the result of a row that is done."""
    return {"row": number, "line": number + 1, "outcome": "done", "attempts": 1}


def test_rows_are_stored_in_batches_and_taken_with_their_inputs(journal):
    run = load(journal)
    assert (run.count, run.loaded, run.batch_size) == (12, 12, 5)
    assert journal.list_open_batches(run) == [1, 6, 11]
    taken, wait = worker(journal, "a").take_batch(run, 6)
    assert [(one.row.number, one.row.line, one.row.given) for one in taken] == [
        (number, number + 1, {"name": f"n{number}"}) for number in range(6, 11)
    ]
    assert wait is None


def test_an_interrupted_load_goes_on_where_it_was(journal):
    run = journal.create_run("people", HEADER, count=1500, **FACTS)
    rows = [Row(number, number + 1, {}) for number in range(1, 1501)]
    assert next(load_rows(journal, run, iter(rows))) == 1000
    assert list(load_rows(journal, journal.find_run("people"), iter(rows))) == [1500]
    assert count_rows(journal, run).by_state["waiting"] == 1500


def test_of_many_workers_one_sends_a_row(journal):
    run = load(journal)
    workers = [worker(journal, f"w{number}") for number in range(4)]

    def try_to_start(number):
        try:
            workers[number % 4].record_start(run, 1 + number // 4, None, may_resend=False)
        except RowTaken:
            return 0
        return 1

    with ThreadPoolExecutor(4) as threads:
        assert sum(threads.map(try_to_start, range(48))) == 12
    assert count_rows(journal, run).by_state["running"] == 12


def test_no_row_of_a_cancelled_run_is_sent_and_what_is_under_way_keeps_its_result(journal):
    run, one = load(journal), worker(journal, "a")
    one.record_start(run, 1, None, may_resend=False)
    journal.stop_run(run.id, RUN_CANCELLED)
    with pytest.raises(RowTaken):
        one.record_start(run, 2, None, may_resend=False)
    one.record_result(run, done(1), stops=False)
    one.flush()
    assert list(iter_results(journal, run)) == [done(1)]
    assert journal.start_again(run).is_running
    one.record_start(run, 2, None, may_resend=False)


def test_who_cancels_a_run_is_told_of_every_row_that_is_sent_all_the_same():
    database = private_postgres.fresh()
    waiting = "select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
    with SharedJournal(database) as journal, SharedJournal(database) as elsewhere, ThreadPoolExecutor(2) as threads:
        run, one = load(journal), worker(journal, "a")

        def cancel():
            elsewhere.stop_run(run.id, RUN_CANCELLED)
            return count_rows(elsewhere, run).by_state["running"]

        with journal.database.connect() as row_holder:
            row_holder.exec_driver_sql("begin")
            row_holder.exec_driver_sql("select 1 from connector_bulk_row where number = 1 for update")
            start = threads.submit(one.record_start, run, 1, None, may_resend=False)
            wait_until(lambda: len(private_postgres.execute(database, waiting)) == 1)
            cancelled = threads.submit(cancel)
            wait_until(lambda: cancelled.done() or len(private_postgres.execute(database, waiting)) == 2)
            row_holder.exec_driver_sql("commit")
        start.result()
        assert cancelled.result() == count_rows(journal, run).by_state["running"] == 1


def test_a_row_of_a_worker_that_died_is_uncertain_and_one_of_a_living_worker_is_left(journal):
    run = load(journal)
    worker(journal, "dead").record_start(run, 1, None, may_resend=False)
    worker(journal, "alive").record_start(run, 2, None, may_resend=False)
    with journal.hold_worker("alive", 1.0):
        taken, wait = worker(journal, "other").take_batch(run, 1)
    assert [one.row.number for one in taken] == [3, 4, 5]
    assert wait == 1.0
    (result,) = iter_results(journal, run, ["uncertain"])
    assert (result["row"], result["error"]["kind"]) == (1, "interrupted")
    assert journal.list_uncertain(run) == [1]


def test_a_row_that_is_safe_to_send_twice_is_given_to_another_worker_with_its_key(journal):
    run = load(journal)
    worker(journal, "dead").record_start(run, 1, "key-1", may_resend=True)
    first = worker(journal, "other").take_batch(run, 1)[0][0]
    assert (first.row.number, first.key, first.may_resend) == (1, "key-1", True)
    assert first.sent_at == pytest.approx(journal.read_time(), abs=60)
    worker(journal, "dead too").record_start(run, 1, "key-1", may_resend=True)
    again = worker(journal, "other").take_batch(run, 1)[0][0]
    assert again.sent_at == first.sent_at, "a service remembers a key from its first use"


def test_the_worker_that_sent_a_row_knows_best_also_if_it_was_taken_for_dead(journal):
    run, slow = load(journal), worker(journal, "slow")
    slow.record_start(run, 1, None, may_resend=False)
    worker(journal, "other").take_batch(run, 1)
    assert journal.list_uncertain(run) == [1]
    slow.record_result(run, done(1), stops=False)
    slow.flush()
    assert list(iter_results(journal, run)) == [done(1)]


def test_a_run_without_workers_is_judged_by_whoever_asks(journal):
    run = load(journal, keep_going=False)
    worker(journal, "dead").record_start(run, 1, None, may_resend=False)
    worker(journal, "dead").record_start(run, 2, "key-1", may_resend=True)
    assert judge_run(journal, run).state == "stopped"
    assert journal.list_uncertain(run) == [1]
    assert count_rows(journal, run).by_state["running"] == 0


def test_a_row_that_got_its_result_while_it_was_judged_does_not_stop_the_run(journal, monkeypatch):
    run, slow = load(journal, keep_going=False), worker(journal, "slow")
    slow.record_start(run, 1, None, may_resend=False)

    def finish_meanwhile(_):
        slow.record_result(run, done(1), stops=False)
        slow.flush()
        return False

    monkeypatch.setattr(journal, "is_alive", finish_meanwhile)
    worker(journal, "other").take_batch(run, 1)
    assert list(iter_results(journal, run)) == [done(1)]
    assert journal.read_run(run.id).is_running


def test_a_result_is_not_replaced_by_another(journal):
    run, one, other = load(journal), worker(journal, "a"), worker(journal, "b")
    one.record_result(run, done(1), stops=False)
    one.flush()
    other.record_result(run, {**done(1), "outcome": "rejected"}, stops=False)
    other.flush()
    assert list(iter_results(journal, run)) == [done(1)]


def test_a_row_waits_until_it_is_due(journal):
    run, one = load(journal), worker(journal, "a")
    shared = one.take_batch(run, 1)[0][0]
    one.record_start(run, 1, "key-1", may_resend=True)
    one.record_wait(run, shared, attempts=1, seconds=3600.0)
    one.flush()
    taken, wait = one.take_batch(run, 1)
    assert [row.row.number for row in taken] == [2, 3, 4, 5]
    assert 3500 < wait <= 3600
    with pytest.raises(StoreError, match="is closed"):
        one.close() or one.flush()


def test_inputs_are_kept_until_a_row_is_done_and_no_longer(journal):
    run, one = load(journal), worker(journal, "a")
    one.record_result(run, done(1), stops=False)
    one.record_result(run, {**done(2), "outcome": "rejected"}, stops=False)
    one.flush()
    kept = journal.run(lambda connection: connection.exec_driver_sql("select number, inputs is null from connector_bulk_row").all())  # fmt: skip
    assert [number for number, is_gone in kept if is_gone] == [1]
    assert journal.reset_failed(run) == 1
    assert [row.row.number for row in one.take_batch(run, 1)[0]] == [2, 3, 4, 5]


def test_a_failed_row_runs_again_with_a_new_idempotency_key(journal):
    run, one = load(journal), worker(journal, "a")
    one.record_start(run, 1, "key-1", may_resend=True)
    one.record_result(run, {**done(1), "outcome": "rejected"}, stops=False)
    one.flush()
    assert journal.reset_failed(run) == 1
    again = one.take_batch(run, 1)[0][0]
    assert (again.row.number, again.key, again.sent_at, again.may_resend) == (1, None, None, False)


def test_an_invalid_row_has_its_result_from_the_start(journal):
    run = journal.create_run("people", HEADER, count=1, **FACTS)
    problem = InputError.from_problems("createUser", [Problem("email", "nothing", "a value")])
    assert list(load_rows(journal, run, [Row(1, 2, error=problem)])) == [1]
    (result,) = iter_results(journal, run)
    assert (result["outcome"], result["error"]["type"]) == ("not_sent", "InputError")
    assert journal.list_open_batches(run) == []


def test_a_failure_stops_a_run_that_does_not_keep_going(journal):
    run, one = load(journal, keep_going=False), worker(journal, "a")
    one.record_result(run, {**done(1), "outcome": "rejected"}, stops=True)
    one.flush()
    assert journal.read_run(run.id).state == "stopped"
    with pytest.raises(RowTaken):
        one.record_start(run, 2, None, may_resend=False)


def test_an_uncertain_row_is_resolved_and_any_other_is_not(journal):
    run = load(journal)
    for number in (1, 2):
        worker(journal, "dead").record_start(run, number, None, may_resend=False)
    worker(journal, "other").take_batch(run, 1)
    journal.resolve_row(run, 1, "done")
    journal.resolve_row(run, 2, "retry")
    assert list(iter_results(journal, run)) == [{"row": 1, "line": 2, "outcome": "done", "settled": True}]
    assert [row.row.number for row in worker(journal, "other").take_batch(run, 1)[0]] == [2, 3, 4, 5]
    with pytest.raises(UsageError, match="Row 3 is not uncertain"):
        journal.resolve_row(run, 3, "retry")


def test_a_run_belongs_to_its_rows_and_its_values(journal):
    run = load(journal)
    journal.check_header(run, HEADER)
    with pytest.raises(UsageError, match=r"different rows\. Put corrected or new rows"):
        journal.check_header(run, {**HEADER, "rows": "other", "values": "other"})
    with pytest.raises(UsageError, match=r"different values\. Use the arguments"):
        journal.check_header(run, {**HEADER, "values": "other"})
    assert journal.rename_run(run) == "people.1"
    assert journal.find_run("people") is None


def test_a_run_is_chosen_by_name_or_because_there_is_one(journal):
    with pytest.raises(UsageError, match="There is no run in"):
        journal.choose_run(None)
    run = load(journal)
    assert journal.choose_run(None) == run == journal.choose_run("people")
    journal.create_run("more", HEADER, count=1, **FACTS)
    with pytest.raises(UsageError, match=r"Name a run in .* The runs are: people, more"):
        journal.choose_run(None)


def test_one_command_at_a_time_stores_the_rows_of_a_run(journal):
    with (
        ThreadPoolExecutor(1) as thread,
        journal.hold_run("people", 1.0),
        pytest.raises(StoreError, match="is locked by"),
    ):
        thread.submit(lambda: journal.hold_run("people", 0.3).__enter__()).result()


def test_with_a_key_rows_can_be_read_with_that_key_alone(tmp_path, monkeypatch):
    url = f"sqlite:///{tmp_path}/rows.db"
    monkeypatch.setenv("CONNECTOR_KEY", generate_key())
    with SharedJournal(url) as journal:
        run = load(journal)
        assert worker(journal, "a").take_batch(run, 1)[0][0].row.given == {"name": "n1"}
        check_key(journal, run)
    assert b"n11" not in read_files(tmp_path, "rows.db*")
    monkeypatch.setenv("CONNECTOR_KEY", generate_key())
    with SharedJournal(url) as other:
        with pytest.raises(StoreError, match="is sealed with key"):
            worker(other, "a").take_batch(run, 1)
        with pytest.raises(StoreError, match="is sealed with key"):
            check_key(other, run)
    monkeypatch.delenv("CONNECTOR_KEY")
    with SharedJournal(url) as keyless, pytest.raises(StoreError, match="and no key is set"):
        worker(keyless, "a").take_batch(run, 1)


def test_rows_that_are_not_encrypted_need_no_key(journal):
    check_key(journal, load(journal))
