"""The journal of a bulk run: private, locked, durable before sending, rejected for another run."""

from __future__ import annotations

import errno
import json
import os
import resource
import stat
import threading
import tracemalloc

import filelock
import pytest
from support.processes.forked import Sibling

from connector.core.bulk.journal_state import ROW_DONE, ROW_NEW, ROW_REPEATABLE, ROW_STARTED, ROW_UNCERTAIN
from connector.errors import InputError, StoreError, UsageError
from connector.runtime.bulk import journal as journals
from connector.runtime.bulk.journal import Journal
from connector.runtime.bulk.journal_file import rotate_journal

OF = {"action": "createUser", "rows": "d1", "columns": {}}


@pytest.fixture
def path(tmp_path):
    return tmp_path / "rows.csv.createUser.journal"


def opened(path, of=OF, rows=3):
    return Journal(path, of, lambda: rows)


def done(number):
    return {"row": number, "line": number + 1, "outcome": "done", "data": {"id": number}}


def test_it_is_private_whatever_the_umask(path):
    before = os.umask(0)
    try:
        opened(path).close()
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_it_tells_a_later_run_how_far_the_rows_are(path):
    with opened(path) as one:
        one.record_start(1, 2, None, may_resend=False)
        one.record_result(done(1))
        one.record_start(2, 3, None, may_resend=False)
        one.record_start(3, 4, "key-3", may_resend=True)
    with Journal(path, OF, pytest.fail) as two:
        assert (two.row_count, two.has_history) == (3, True)
        assert [two.state.state_of(number) for number in range(1, 5)] == [
            ROW_DONE,
            ROW_STARTED,
            ROW_REPEATABLE,
            ROW_NEW,
        ]
        assert two.state.key_of(3) == "key-3"
        first, second = two.iter_results()
        assert first == done(1)
        assert (second["row"], second["line"], second["outcome"]) == (2, 3, "uncertain")
        assert second["error"]["type"] == "TransportError"


@pytest.mark.parametrize("change", [{"action": "deleteUser"}, {"rows": "d2"}, {"columns": {"a": "b"}}])
def test_a_journal_of_others_is_refused_with_the_reason_and_stays(path, change):
    opened(path).close()
    before = path.read_bytes()
    with pytest.raises(UsageError, match=f"different {next(iter(change))}"):
        opened(path, OF | change)
    assert path.read_bytes() == before


def test_other_rows_are_told_as_that_alone_with_what_is_sent_again(path):
    opened(path, OF | {"values": "v1"}).close()
    with pytest.raises(UsageError, match=r"different rows\. .*a file of their own.*including those that are done"):
        opened(path, OF | {"rows": "d2", "values": "v2"})
    with pytest.raises(UsageError, match=r"different values\. .*including those that are done"):
        opened(path, OF | {"values": "v2"})


@pytest.mark.parametrize("act", [opened, rotate_journal], ids=["open", "set aside"])
@pytest.mark.parametrize("text", ["email\na@b.c\n", "{}", '{"journals"'])
def test_a_file_that_is_no_journal_is_refused_by_its_name_and_stays(path, act, text):
    path.write_text(text, encoding="utf-8")
    path.chmod(0o600)
    with pytest.raises(UsageError, match="journal is not a journal, and was left unchanged"):
        act(path)
    assert path.read_text(encoding="utf-8") == text
    assert list(path.parent.iterdir()) == [path]


def test_an_empty_file_becomes_a_journal_and_is_not_set_aside(path):
    path.touch(0o600)
    with pytest.raises(UsageError, match="is empty, and was left unchanged"):
        rotate_journal(path)
    with opened(path) as one:
        assert one.row_count == 3


@pytest.mark.parametrize("text", ['{"jou', '{"journal":1,"count":3}\nnonsense\n'])
def test_a_journal_that_is_cut_off_or_damaged_can_be_set_aside(path, text):
    path.write_text(text, encoding="utf-8")
    path.chmod(0o600)
    aside = rotate_journal(path)
    assert aside.read_text(encoding="utf-8") == text
    assert not path.exists()


@pytest.mark.parametrize(
    ("number", "said"),
    [(errno.EACCES, "Allow this user to read and write"), (errno.EROFS, "Allow this user"), (errno.ENOSPC, "Free some space"),
     (errno.ENOENT, "Check that location")],
)  # fmt: skip
def test_a_place_that_cannot_be_written_is_told_with_what_helps(path, monkeypatch, number, said):
    def refuse(*_):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(journals.private_files, "open_private", refuse)
    with pytest.raises(StoreError, match=said) as raised:
        opened(path)
    assert ("space" in raised.value.hint) == (number == errno.ENOSPC)


def test_a_journal_of_a_later_version_is_refused(path):
    path.write_text('{"journal":2,"count":1}\n', encoding="utf-8")
    path.chmod(0o600)
    with pytest.raises(StoreError, match="written by a newer connector, as version 2"):
        opened(path)


def test_rows_that_cannot_be_counted_leave_no_file(path):
    def refuse():
        raise InputError("a row is wrong")

    with pytest.raises(InputError):
        Journal(path, OF, refuse)
    assert not path.exists()


def test_one_run_at_a_time(path):
    with opened(path):
        with pytest.raises(StoreError, match="another run"):
            opened(path)
        with pytest.raises(StoreError, match="another run"):
            rotate_journal(path)
    opened(path).close()


def test_another_process_is_kept_out_too_and_a_death_lets_go(path):
    holder = Sibling(_hold, str(path))
    assert holder.hear() == "held"
    with pytest.raises(StoreError, match="another run"):
        opened(path)
    holder.kill()
    opened(path).close()


def _hold(pipe, path):
    from pathlib import Path

    journal = opened(Path(path))
    pipe.send("held")
    threading.Event().wait(60)
    journal.close()


def test_set_aside_keeps_every_earlier_one(path):
    for count in (1, 2):
        opened(path, OF | {"rows": str(count)}).close()
        assert rotate_journal(path) == path.with_name(f"{path.name}.{count}")
    assert rotate_journal(path) is None
    kept = [json.loads(one.read_text())["rows"] for one in sorted(path.parent.iterdir())]
    assert kept == ["1", "2"]


def test_a_torn_line_is_cut_off_before_the_next_is_written(path):
    with opened(path) as one:
        one.record_start(1, 2, None, may_resend=False)
    with path.open("ab") as file:
        file.write(b'{"row":1,"line":2,"outco')
    with opened(path) as two:
        assert two.state.state_of(1) == ROW_STARTED
        two.record_start(2, 3, None, may_resend=False)
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert lines[1:] == [{"begin": 1, "line": 2}, {"begin": 2, "line": 3}]


def test_what_is_uncertain_is_settled_as_done_or_again_and_nothing_else_is(path):
    with opened(path) as one:
        for number in (1, 2, 3):
            one.record_start(number, number + 1, None, may_resend=False)
        one.record_result(done(1))
        one.record_result({"row": 3, "line": 4, "outcome": "uncertain", "error": {"message": "lost"}})
    with opened(path) as two:
        assert list(two.iter_uncertain()) == [2, 3]
        two.resolve_row(2, "done")
        two.resolve_row(3, "again")
        for number in (1, 2, 3, 4):
            with pytest.raises(UsageError, match=f"Row {number} is not uncertain"):
                two.resolve_row(number, "done")
        assert [one["row"] for one in two.iter_results()] == [1, 2]
    with opened(path) as three:
        assert [three.state.state_of(number) for number in (1, 2, 3)] == [ROW_DONE, ROW_DONE, ROW_NEW]
        assert list(three.iter_results())[1] == {"row": 2, "line": 3, "outcome": "done", "settled": True}


def test_what_begins_at_once_shares_its_way_to_the_disk(path, monkeypatch):
    """While one fsync runs, others write; the next one is for all of them."""
    syncs, gate, begun = [], threading.Event(), threading.Barrier(9)

    def fsync(handle, real=os.fsync):
        syncs.append(path.read_bytes().count(b"begin"))
        if len(syncs) == 1:
            begun.wait(30)
            assert gate.wait(30)
        real(handle)

    with opened(path, rows=20) as one:
        monkeypatch.setattr(journals.os, "fsync", fsync)
        threads = [threading.Thread(target=one.record_start, args=(1, 2, None), kwargs={"may_resend": False})]
        threads[0].start()
        later = [
            threading.Thread(
                target=lambda number=number: (begun.wait(30), one.record_start(number, number, None, may_resend=False))
            )
            for number in range(2, 10)
        ]
        for thread in later:
            thread.start()
        threads += later
        while path.read_bytes().count(b"begin") < 9:  # every line is written; none may go on
            threading.Event().wait(0.001)
        gate.set()
        for thread in threads:
            thread.join(30)
        assert syncs == [1, 9]


def test_a_disk_that_is_full_refuses_what_it_cannot_note_and_what_was_noted_stays(path):
    said = Sibling(_fill, str(path)).hear()
    assert "File too large" in said["refused"]
    assert "A row that cannot be recorded is not sent." in said["refused"]
    assert said["later"] == said["refused"]
    with opened(path) as after:
        states = [after.state.state_of(number) for number in range(1, said["noted"] + 1)]
    assert states == [ROW_STARTED] * said["noted"]


def _fill(pipe, path):
    """Begin rows until the file may not grow any more."""
    from pathlib import Path

    journal = opened(Path(path), rows=1000)
    resource.setrlimit(resource.RLIMIT_FSIZE, (400, 400))
    noted, refused, later = 0, "", ""
    try:
        for number in range(1, 1000):
            journal.record_start(number, number + 1, None, may_resend=False)
            noted = number
    except StoreError as error:
        refused = str(error)
    try:
        journal.record_result(done(1))
    except StoreError as error:
        later = str(error)
    journal.close()
    return {"noted": noted, "refused": refused, "later": later}


def test_an_fsync_that_fails_ends_the_journal(path, monkeypatch):
    def fail(handle):
        raise OSError(5, "Input/output error")

    one = opened(path)
    monkeypatch.setattr(journals.os, "fsync", fail)
    with pytest.raises(StoreError, match="Input/output error"):
        one.record_start(1, 2, None, may_resend=False)
    monkeypatch.undo()
    with pytest.raises(StoreError, match="Input/output error"):
        one.record_start(2, 3, None, may_resend=False)
    one.close()


def test_what_comes_after_the_end_is_refused(path):
    one = opened(path)
    one.close()
    with pytest.raises(StoreError, match="closed"):
        one.record_start(1, 2, None, may_resend=False)
    one.close()


def test_a_place_that_cannot_be_written_is_told(tmp_path):
    with pytest.raises(StoreError, match="No such file"):
        opened(tmp_path / "nowhere" / "rows.journal")


def test_a_link_is_not_followed(path, tmp_path):
    path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(StoreError):
        opened(path)
    assert not (tmp_path / "elsewhere").exists()


def test_a_row_of_a_journal_takes_a_few_bytes(path):
    rows = 5_000
    with path.open("w", encoding="utf-8") as file:
        file.write(json.dumps({"journal": 1, "count": rows, **OF}) + "\n")
        for number in range(1, rows + 1):
            file.write(f'{{"begin":{number},"line":{number}}}\n')
            file.write(f'{{"row":{number},"line":{number},"outcome":"done","data":{{"id":"{"x" * 100}"}}}}\n')
    path.chmod(0o600)
    tracemalloc.start()
    with opened(path) as one:
        count = sum(1 for _ in one.iter_results())
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert count == rows
    assert 9 * rows < most < 250_000, "nine bytes a row, and what one line needs"


def test_uncertain_results_are_told_as_they_were(path):
    lost = {"row": 1, "line": 2, "outcome": "uncertain", "error": {"message": "lost"}}
    with opened(path) as one:
        one.record_start(1, 2, "key-1", may_resend=True)
        one.record_result(lost)
    with opened(path) as two:
        assert two.state.state_of(1) == ROW_UNCERTAIN
        assert list(two.iter_results()) == [lost]
        assert two.state.key_of(1) == "key-1"


def test_a_text_that_is_no_unicode_is_kept_all_the_same(path):
    odd = done(1) | {"data": {"name": "half \ud83d", "size": 1e300}}
    with opened(path) as one:
        one.record_result(odd)
    with opened(path) as two:
        assert list(two.iter_results()) == [odd]


def test_a_journal_that_another_run_moved_away_meanwhile_is_not_taken(path, monkeypatch):
    opened(path).close()
    lock = filelock.lock_descriptor

    def lock_late(handle, *, blocking):
        monkeypatch.undo()
        rotate_journal(path)
        return lock(handle, blocking=blocking)

    monkeypatch.setattr(filelock, "lock_descriptor", lock_late)
    with pytest.raises(StoreError, match="another run"):
        opened(path)
