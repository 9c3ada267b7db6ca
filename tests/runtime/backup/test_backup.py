"""A backup is taken while everything is in use, and comes back whole, wherever it goes, or not at all."""

from __future__ import annotations

import itertools
import json
import os
import shutil
import sqlite3
import stat
import threading
import zipfile

import pytest
from support import private_postgres
from support.pace import wait_until
from support.processes.forked import Sibling
from support.processes.left_data import KEY, KINDS, load_folder, load_postgres, load_private, load_sqlite
from support.processes.restores import NOTE, build_restore, restore_and_die
from support.receivers import SECRET, ServedReceiver, body

from connector import Connection, Receiver, errors
from connector.core.records.record import Sight
from connector.runtime.backup.archive import ArchiveReader
from connector.runtime.backup.backup import BackupSources, make_backup
from connector.runtime.backup.places import Location
from connector.runtime.backup.restore import JOURNAL_AHEAD, JOURNAL_NEW, JOURNAL_OTHER, find_unfinished
from connector.runtime.bulk.journal import Journal
from connector.runtime.bulk.journal_file import STEPS, lock_journal, open_journal
from connector.runtime.bulk.shared_journal import SharedJournal
from connector.runtime.bulk.shared_results import count_rows
from connector.runtime.records.records import Records
from connector.runtime.run_log.run_log import RunLog
from connector.runtime.storage.encryption import Keyring
from connector.runtime.storage.open import open_store
from connector.runtime.webhooks.inbox import TABLE, Inbox

KEPT = [kind for kind in KINDS if kind != "budget"]


def backup(path, urls, **more):
    locations = [Location(kind, "", urls[kind]) for kind in KEPT if kind in urls]
    return make_backup(path, BackupSources(locations=locations, **more))


def restore(path, urls):
    with ArchiveReader(path) as archive:
        one = build_restore(archive, urls, path.parent)
        one.run()
    return one


def new_urls(kind, folder):
    if kind == "postgres":
        return dict.fromkeys(KEPT, private_postgres.fresh())
    urls = {name: f"sqlite:///{folder}/new/{name}.sqlite" for name in KEPT}
    return {**urls, "store": f"file:{folder}/new/store"} if kind == "folder" else urls


def old_urls(kind, folder):
    if kind == "postgres":
        return load_postgres(private_postgres.fresh())
    urls = load_sqlite(folder / "old")
    return {**urls, "store": load_folder(folder / "old" / "store")} if kind == "folder" else urls


def check_whole(zoom, urls):
    """Assert that all that was left is there, and works."""
    store = open_store(urls["store"], keys=Keyring.from_texts([KEY]))
    headers = [
        dict(Connection.load(zoom, name, store=store).credential(None, 0.0).headers) for name in ("work", "a b/c")
    ]
    assert [one["Authorization"] for one in headers] == ["Bearer token-of-work", "Bearer token-of-another"]
    inbox = Inbox(urls["inbox"])
    assert [(one.subject, one.state) for one in inbox.find(TABLE.c.id > 0, 9)] == [
        ("1", "delivered"), ("2", "pending"), ("3", "pending"),
    ]  # fmt: skip
    assert json.loads(inbox.find(TABLE.c.id > 0, 1)[0].body)["event"] == "meeting.started"
    inbox.close()
    with RunLog(urls["runs"], keep_days=1e6) as log:
        assert {run.action for run in log.find()} == {"createMeeting", "getMeeting"}
    with Records(urls["records"]) as records:
        assert records.count("zoom") == {"users": 1, "meetings": 1}
        assert len(records.read_changes("zoom")) == 2
    with SharedJournal(urls["bulk"]) as journal:
        assert count_rows(journal, journal.choose_run("people")).by_state["waiting"] == 3


@pytest.mark.parametrize(
    ("source", "target"),
    [
        ("folder", "folder"),
        ("sqlite", "sqlite"),
        ("postgres", "postgres"),
        ("folder", "postgres"),
        ("postgres", "folder"),
    ],
)
def test_everything_comes_back_wherever_it_goes(zoom, tmp_path, source, target):
    backup(tmp_path / "b.zip", old_urls(source, tmp_path))
    urls = new_urls(target, tmp_path)
    done = restore(tmp_path / "b.zip", urls)
    assert not done.replaces
    check_whole(zoom, urls)
    assert not (tmp_path / NOTE).exists()


@pytest.mark.parametrize("kind", ["folder", "sqlite", "postgres"])
def test_what_is_there_is_replaced_and_new_rows_have_new_numbers(zoom, tmp_path, kind):
    urls = old_urls(kind, tmp_path)
    backup(tmp_path / "b.zip", urls)
    store = open_store(urls["store"], keys=Keyring.from_texts([KEY]))
    store.write("connection:zoom:late", {"a": 1})
    store.remove("connection:zoom:work")
    keep_one(urls, "late")
    assert restore(tmp_path / "b.zip", urls).replaces
    check_whole(zoom, urls)
    assert store.keys() == ["connection:zoom:a b/c", "connection:zoom:work"]
    keep_one(urls, "later")
    with Records(urls["records"]) as records:
        assert [change.seq for change in records.read_changes("zoom")] > [1, 2, 3]


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_a_receiver_that_runs_delivers_what_was_restored_under_it(zoom, tmp_path, kind):
    urls, heard = old_urls(kind, tmp_path), []
    backup(tmp_path / "b.zip", urls)
    receiver = Receiver(zoom, SECRET, inbox=urls["inbox"])
    receiver.on("*")(lambda event: heard.append(event.subject))
    inbox = Inbox(urls["inbox"])
    with ServedReceiver(receiver) as served:
        wait_until(lambda: inbox.counts() == {"delivered": 3})
        restore(tmp_path / "b.zip", urls)
        wait_until(lambda: sorted(heard) == ["2", "2", "3", "3"])
        assert served.post(body(4)) == 200
        wait_until(lambda: inbox.counts() == {"delivered": 4})
    assert [one.subject for one in inbox.find(TABLE.c.state == "delivered", 9)] == ["1", "2", "3", "4"]
    inbox.close()


def keep_one(urls, name):
    with Records(urls["records"]) as records:
        sight = Sight(resource="users", id=name, source="list", data={"id": name})
        records.keep("zoom", "work", [sight], 1e9).result(30)


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_a_backup_is_of_one_moment_while_others_write(tmp_path, kind):
    urls = new_urls(kind, tmp_path)
    stop, names = threading.Event(), itertools.count()
    keep_one(urls, "first")

    def write():
        with Records(urls["records"]) as records:
            while not stop.is_set():
                sights = [Sight(resource="users", id=str(next(names)), source="list", data={}) for _ in range(20)]
                records.keep("zoom", "work", sights, 1e9).result(30)

    thread = threading.Thread(target=write)
    thread.start()
    try:
        counts = []
        for number in range(5):
            manifest = backup(tmp_path / f"{number}.zip", {"records": urls["records"]})
            counts.append({table.table: table.rows for table in manifest.parts[0].tables})
    finally:
        stop.set()
        thread.join()
    assert all(one["connector_records"] == one["connector_records_changes"] for one in counts)
    assert counts[-1]["connector_records"] > counts[0]["connector_records"]


def test_a_backup_is_its_owners_alone_and_has_no_key_unless_asked(tmp_path):
    urls = old_urls("sqlite", tmp_path)
    manifest = backup(tmp_path / "b.zip", urls)
    assert stat.S_IMODE((tmp_path / "b.zip").stat().st_mode) == 0o600
    assert manifest.sealed_with == list(Keyring.from_texts([KEY]).fingerprints)
    assert manifest.plain_records == 0
    with zipfile.ZipFile(tmp_path / "b.zip") as file:
        texts = [file.read(name) for name in file.namelist()]
    assert not any(canary in text for text in texts for canary in (KEY.encode(), b"token-of-work"))
    backup(tmp_path / "with-key.zip", urls, keys=f"{KEY}\n")
    with ArchiveReader(tmp_path / "with-key.zip") as archive:
        assert archive.read(archive.manifest.key).decode().strip() == KEY
    assert KEY not in repr(BackupSources(locations=[], keys=KEY))


def test_a_backup_replaces_no_file_and_leaves_none_when_it_fails(tmp_path):
    (tmp_path / "b.zip").write_text("mine")
    with pytest.raises(errors.UsageError, match=r"b\.zip exists"):
        backup(tmp_path / "b.zip", {})
    assert (tmp_path / "b.zip").read_text() == "mine"
    (tmp_path / "bad.journal").write_text("not a journal")
    (tmp_path / "bad.journal").chmod(0o600)
    with pytest.raises(errors.UsageError, match="is not a journal"):
        backup(tmp_path / "c.zip", {}, journals=[tmp_path / "bad.journal"])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["b.zip", "bad.journal"]


def rewrite(path, change):
    """Write an archive anew, with its manifest changed."""
    with zipfile.ZipFile(path) as file:
        entries = {name: file.read(name) for name in file.namelist()}
    manifest = json.loads(entries["manifest.json"])
    change(manifest, entries)
    entries["manifest.json"] = json.dumps(manifest).encode()
    with zipfile.ZipFile(path, "w") as file:
        for name, content in entries.items():
            file.writestr(name, content)


DAMAGES = {
    "a byte that changed": lambda manifest, entries: entries.update({"inbox/connector_inbox.jsonl": b"[]\n"}),
    "an entry that is gone": lambda manifest, entries: entries.pop("runs/connector_runs.jsonl"),
    "an entry too many": lambda manifest, entries: entries.update(more=b"x"),
    "a manifest of another shape": lambda manifest, entries: manifest.pop("checksums"),
    "a table of another name": lambda manifest, entries: manifest["parts"][0]["tables"][0].update(
        table="sqlite_master"
    ),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_backup_is_refused_before_anything_is_changed(tmp_path, damage):
    urls = old_urls("sqlite", tmp_path)
    backup(tmp_path / "b.zip", urls)
    rewrite(tmp_path / "b.zip", DAMAGES[damage])
    target = new_urls("sqlite", tmp_path)
    with pytest.raises(errors.StoreError, match="is not a whole backup"):
        restore(tmp_path / "b.zip", target)
    assert not (tmp_path / "new").exists()


def test_a_backup_that_was_cut_off_is_refused(tmp_path):
    backup(tmp_path / "b.zip", old_urls("sqlite", tmp_path))
    whole = (tmp_path / "b.zip").read_bytes()
    for size in range(0, len(whole), max(1, len(whole) // 25)):
        (tmp_path / "b.zip").write_bytes(whole[:size])
        with pytest.raises(errors.StoreError, match="is not a whole backup"):
            ArchiveReader(tmp_path / "b.zip")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (
            lambda manifest, entries: manifest.update(backup=2, program="9.8.7"),
            "the backup was written by connector 9.8.7",
        ),
        (lambda manifest, entries: manifest["parts"][0].update(version=9), "was written by connector"),
        (lambda manifest, entries: manifest["parts"][0].update(kind="dreams"), "its part dreams was written by"),
    ],
    ids=["the archive", "a table", "a kind"],
)
def test_a_backup_of_a_newer_program_is_refused_by_a_sentence_that_says_so(tmp_path, change, told):
    backup(tmp_path / "b.zip", old_urls("sqlite", tmp_path))
    rewrite(tmp_path / "b.zip", change)
    with pytest.raises(errors.StoreError, match=told):
        restore(tmp_path / "b.zip", new_urls("sqlite", tmp_path))
    assert not (tmp_path / "new").exists()


def test_a_name_of_a_record_that_is_a_path_is_refused_and_all_is_as_it_was(zoom, tmp_path):
    urls = old_urls("folder", tmp_path)
    backup(tmp_path / "b.zip", urls)

    def climb(manifest, entries):
        import hashlib

        name = "store/connector_store.jsonl"
        entries[name] = entries[name].replace(b"connection%3Azoom%3Awork", b"../work")
        manifest["checksums"][name] = hashlib.sha256(entries[name]).hexdigest()

    rewrite(tmp_path / "b.zip", climb)
    with pytest.raises(errors.StoreError, match="not the name of a record"):
        restore(tmp_path / "b.zip", urls)
    check_whole(zoom, urls)


def test_journals_come_back_and_one_that_has_gone_on_is_left_alone(tmp_path):
    journal = load_private("chain.journal", tmp_path)
    content = journal.read_bytes()
    journal.write_bytes(content + b'{"begin":2,"li')  # a line under way
    backup(tmp_path / "b.zip", {}, journals=[journal])
    journal.unlink()
    assert [one.state for one in restore(tmp_path / "b.zip", {}).journals] == [JOURNAL_NEW]
    assert journal.read_bytes() == content
    journal.write_bytes(content + b'{"begin":2,"line":2}\n')
    assert [one.state for one in restore(tmp_path / "b.zip", {}).journals] == [JOURNAL_AHEAD]
    assert journal.read_bytes().startswith(content + b'{"begin":2')
    journal.write_bytes(content.replace(b'"zoom"', b'"loom"'))
    assert [one.state for one in restore(tmp_path / "b.zip", {}).journals] == [JOURNAL_OTHER]
    assert journal.read_bytes() == content


def read_state(urls):
    """Return what is in the places: the run of each log, the keys of the store."""
    with RunLog(urls["runs"], keep_days=1e6) as log:
        runs = len(log.find())
    keys = tuple(open_store(urls["store"], keys=Keyring.from_texts([KEY])).keys())
    with sqlite3.connect(urls["inbox"].removeprefix("sqlite:///")) as connection:
        events = connection.execute("SELECT count(*) FROM connector_inbox").fetchone()[0]
    return {"runs": runs, "store": keys, "inbox": events}


def test_a_restore_that_fails_midway_says_what_is_restored_and_how_it_is_ended(tmp_path):
    urls = old_urls("folder", tmp_path)
    chosen = {kind: urls[kind] for kind in ("store", "runs")}
    journal = tmp_path / "chain.journal"
    Journal(journal, {"chain": "first"}, lambda: 1, STEPS).close()
    backup(tmp_path / "b.zip", chosen, journals=[journal])
    journal.unlink()
    Journal(journal, {"chain": "second"}, lambda: 1, STEPS).close()
    obstacle = tmp_path / "old" / "store" / "locks"  # a file, where the store has the folder of its locks
    shutil.rmtree(obstacle, ignore_errors=True)
    obstacle.write_bytes(b"")
    with pytest.raises(errors.StoreError) as failed:
        restore(tmp_path / "b.zip", chosen)
    command = f"connector restore {tmp_path / 'b.zip'} --yes"
    assert f"Restored: {urls['runs']}. Not restored: {urls['store']}, {journal}. " in failed.value.hint
    assert failed.value.hint.endswith(command)
    obstacle.unlink()
    handle = open_journal(journal)
    lock_journal(handle, journal)
    with pytest.raises(errors.StoreError, match="in progress") as failed:
        restore(tmp_path / "b.zip", chosen)
    assert f"Restored: {urls['store']}, {urls['runs']}. Not restored: {journal}. " in failed.value.hint
    assert find_unfinished(tmp_path / NOTE) == str(tmp_path / "b.zip")
    os.close(handle)
    restore(tmp_path / "b.zip", chosen)
    assert (b"first" in journal.read_bytes(), find_unfinished(tmp_path / NOTE)) == (True, None)


@pytest.mark.kills
def test_a_kill_at_any_moment_leaves_old_or_new_and_a_second_run_ends_it(tmp_path):
    urls = old_urls("folder", tmp_path)
    kinds = ("store", "inbox", "runs")
    chosen = {kind: urls[kind] for kind in kinds}
    backup(tmp_path / "b.zip", chosen)
    new = read_state(chosen)
    mixed = 0
    for step in itertools.count(1):
        store = open_store(urls["store"], keys=Keyring.from_texts([KEY]))
        store.write("connection:zoom:late", {"a": 1})
        store.remove("connection:zoom:work")
        for kind, table in (("inbox", "connector_inbox"), ("runs", "connector_runs")):
            with sqlite3.connect(urls[kind].removeprefix("sqlite:///")) as connection:
                connection.execute(f"DELETE FROM {table}")
        old = read_state(chosen)
        dying = Sibling(restore_and_die, str(tmp_path / "b.zip"), chosen, step)
        dying.process.join(60)
        if dying.process.exitcode == 0:
            break
        found = read_state(chosen)
        assert all(found[kind] in (old[kind], new[kind]) for kind in kinds), step
        if find_unfinished(tmp_path / NOTE) is None:
            assert found in (old, new), step
        else:
            mixed += found not in (old, new)
        restore(tmp_path / "b.zip", chosen)
        assert read_state(chosen) == new
    assert step > 20
    assert not (tmp_path / NOTE).exists()
