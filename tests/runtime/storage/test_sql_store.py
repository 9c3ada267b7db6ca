"""The store in a database: private, durable, and clear errors when it is damaged, full or unreachable."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
import threading
import traceback

import pytest
import sqlalchemy.exc
from support import private_postgres
from support.private_postgres import execute
from support.processes import forked
from support.processes.forked import TOKEN, Sibling

from connector import errors
from connector.runtime.files.key_names import encode_key
from connector.runtime.storage import record_codec
from connector.runtime.storage.open import open_store
from connector.runtime.storage.sql_store import SqlStore

KEY = "connection:work"
NAME = encode_key(KEY)
SECRET = "pg-canary"


@pytest.fixture
def path(tmp_path):
    return tmp_path / "store.db"


@pytest.fixture
def sqlite(path):
    return SqlStore(f"sqlite:///{path}")


@pytest.fixture(scope="module")
def server():
    return private_postgres.fresh()


@pytest.fixture(scope="module")
def postgres(server):
    return SqlStore(server)


@pytest.fixture(params=["sqlite", "postgres"])
def store(request):
    made = request.getfixturevalue(request.param)
    yield made
    made.remove(KEY)


def change(store, statement, **values):
    """Execute a statement on the store's database directly."""
    with store._database.connect() as connection:
        return (
            [tuple(row) for row in done]
            if (done := connection.execute(sqlalchemy.text(statement), values)).returns_rows
            else []
        )


def names(folder):
    return sorted(one.name for one in folder.iterdir())


def mode(path):
    return stat.S_IMODE(path.lstat().st_mode)


# F63: damaged records and databases


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (lambda text: "", "empty"),
        (lambda text: text[: len(text) // 2], "not complete JSON"),
        (lambda text: text.replace("tok-1", "tok-2"), "checksum"),
        (lambda text: "[]", "not a record"),
        (lambda text: record_codec.encode_record("connection:home", 1, {"token": "tok-1"}), "another key"),
        (lambda text: record_codec.encode_record(KEY, 5, {"token": "tok-1"}), "version does not match its row"),
    ],
)
def test_a_damaged_row_is_told_once_and_kept_beside(store, damage, reason):
    store.write(KEY, {"token": "tok-1"})
    [(text,)] = change(store, "SELECT data FROM connector_store WHERE key = :key", key=NAME)
    change(store, "UPDATE connector_store SET data = :text WHERE key = :key", text=damage(text), key=NAME)
    with pytest.raises(errors.StoreError, match=reason) as caught:
        store.read(KEY)
    assert "tok-1" not in str(caught.value)
    assert store.read(KEY) is None
    assert store.keys() == []
    kept = change(store, "SELECT key, data FROM connector_store WHERE key LIKE '~corrupt-%'")
    assert [data for key, data in kept] == [damage(text)]
    assert kept[0][0] in str(caught.value)
    change(store, "DELETE FROM connector_store")


def test_a_write_over_a_damaged_row_is_refused_once_and_keeps_it(store):
    store.write(KEY, {"token": "tok-1"})
    change(store, "UPDATE connector_store SET data = 'half a rec'")
    with pytest.raises(errors.StoreError, match="~corrupt-"):
        store.write(KEY, {"token": "tok-2"})
    assert store.write(KEY, {"token": "tok-2"}) == 1
    assert change(store, "SELECT count(*) FROM connector_store WHERE data = 'half a rec'") == [(1,)]
    change(store, "DELETE FROM connector_store")


def test_a_row_of_a_newer_schema_is_refused_and_stays(store):
    store.write(KEY, {"token": "tok-1"})
    newer = json.dumps({"schema": 2, "vault": {}})
    change(store, "UPDATE connector_store SET data = :text", text=newer)
    for work in (lambda: store.read(KEY), lambda: store.write(KEY, {})):
        with pytest.raises(errors.StoreError, match=r"as schema 2, and this is connector .*, which reads schema 1"):
            work()
    assert change(store, "SELECT key, data FROM connector_store") == [(NAME, newer)]


@pytest.mark.parametrize(
    "wreck", [b"", b"not a database at all, but long enough to look" * 99, b"SQLite format 3\0" + b"\xff" * 9000]
)
def test_a_damaged_database_is_told_stays_and_is_never_an_empty_store(sqlite, path, wreck):
    sqlite.write(KEY, {"token": "tok-1"})
    path.write_bytes(wreck)
    for work in (lambda: sqlite.read(KEY), lambda: sqlite.write(KEY, {}), lambda: SqlStore(f"sqlite:///{path}").keys()):
        with pytest.raises(errors.StoreError) as caught:
            work()
        assert str(path) in str(caught.value)
        assert caught.value.hint
    assert path.read_bytes() == wreck


def test_a_cut_database_is_told(sqlite, path):
    for turn in range(40):
        sqlite.write(f"connection:{turn}", {"token": TOKEN})
    path.write_bytes(path.read_bytes()[:8192])
    with pytest.raises(errors.StoreError, match=r"malformed.*repair it"):
        [sqlite.read(f"connection:{turn}") for turn in range(40)]


# F64: private files


@pytest.mark.parametrize("mask", [0o000, 0o022, 0o777])
def test_the_files_of_a_database_are_private_whatever_the_umask(tmp_path, mask):
    before = os.umask(mask)
    try:
        store = SqlStore(f"sqlite:///{tmp_path}/made/store.db")
        with store.lock(KEY, 1.0), store._database.session():
            store.write(KEY, {})
            found = {one.name: mode(one) for one in (tmp_path / "made").rglob("*")}
    finally:
        os.umask(before)
    files = {"store.db": 0o600, "store.db-wal": 0o600, "store.db-shm": 0o600, "store.db.locks": 0o700}
    assert found == {**files, "connection%3Awork.lock": 0o600, "open.write": 0o600}
    assert mode(tmp_path / "made") == 0o700


@pytest.mark.parametrize("open_mode", [0o644, 0o666])
def test_a_database_open_to_others_is_refused_with_the_command_that_closes_it(sqlite, path, open_mode):
    sqlite.write(KEY, {})
    path.chmod(open_mode)
    for work in (lambda: sqlite.read(KEY), lambda: SqlStore(f"sqlite:///{path}").keys()):
        with pytest.raises(errors.StoreError, match=f"chmod 600 {path}"):
            work()


def test_a_link_in_the_place_of_a_database_is_refused(sqlite, path, tmp_path):
    sqlite.write(KEY, {})
    path.rename(tmp_path / "real.db")
    path.symlink_to(tmp_path / "real.db")
    with pytest.raises(errors.StoreError, match="symbolic link"):
        sqlite.read(KEY)


def test_a_database_of_others_keeps_their_tables(path):
    import sqlite3

    path.touch(0o600)
    theirs = sqlite3.connect(path)
    theirs.executescript("CREATE TABLE theirs (a); INSERT INTO theirs VALUES (1);")
    theirs.close()
    assert SqlStore(f"sqlite:///{path}").write(KEY, {}) == 1
    theirs = sqlite3.connect(path)
    assert theirs.execute("SELECT a FROM theirs").fetchall() == [(1,)]
    assert theirs.execute("PRAGMA journal_mode").fetchone() == ("delete",)
    theirs.close()


def test_nothing_lies_beside_a_database_but_its_locks(sqlite, path):
    path.with_name("store.db.999999999.tmp").write_text("half a database")
    sqlite.write(KEY, {})
    sqlite.prepare(KEY)
    assert names(path.parent) == ["store.db", "store.db.locks"]


def test_many_threads_make_one_database(path):
    stores = [SqlStore(f"sqlite:///{path}") for _ in range(8)]
    threads = [threading.Thread(target=one.write, args=(f"key {n}", {})) for n, one in enumerate(stores)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(stores[0].keys()) == 8


# F61, F62: durable, and told where it cannot be


def test_a_commit_waits_for_the_disk(sqlite, server):
    sqlite.write(KEY, {})
    with sqlite._database.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2  # FULL
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
    hasty = SqlStore(f"{server}?options=-c%20synchronous_commit%3Doff")
    with hasty._database.session():
        assert change_setting(hasty) == "off"
        hasty.write(KEY, {})
        assert change_setting(hasty) == "on"


def change_setting(store):
    return store._database._find_thread_connection().exec_driver_sql("SHOW synchronous_commit").scalar()


def test_a_file_size_limit_is_a_full_disk_for_preparing_and_writing(sqlite, path):
    sqlite.write(KEY, {"token": "old"})
    told, full, after = Sibling(forked.write_without_room, f"sqlite:///{path}", KEY, 40_000).end()
    assert [type(error) for error in told] == [errors.StoreError, errors.StoreError]
    assert all(str(path) in str(error) and TOKEN not in str(error) and error.hint for error in told)
    assert full == {"token": "old"}
    assert after == {"token": "after"}
    assert names(path.parent) == ["store.db", "store.db.locks"]


def test_a_server_that_takes_no_writes_is_told_from_preparing_on(server, postgres):
    postgres.write(KEY, {"token": "old"})
    frozen = SqlStore(f"{server}?options=-c%20default_transaction_read_only%3Don")
    assert frozen.read(KEY).data == {"token": "old"}
    for work in (lambda: frozen.prepare(KEY), lambda: frozen.write(KEY, {})):
        with pytest.raises(errors.StoreError, match=r"read-only transaction.*name the primary"):
            work()
    assert frozen.read(KEY).data == {"token": "old"}


def test_a_user_without_rights_is_told_what_to_grant(server, postgres):
    postgres.write(KEY, {"token": "old"})
    execute(server, "DROP ROLE IF EXISTS reader")
    execute(server, "CREATE ROLE reader LOGIN PASSWORD 'reader'")
    reader = SqlStore(server.replace(f"keeper:{private_postgres.PASSWORD}", "reader:reader"))
    with pytest.raises(errors.StoreError, match=r"permission denied.*Grant this user"):
        reader.read(KEY)


# a holder that the server forgets, a server that goes away


def test_what_a_trial_left_is_gone_with_the_next(store):
    store.write(KEY, {})
    change(
        store,
        "INSERT INTO connector_store (key, version, data, updated_at) VALUES ('~trial~x', 1, '', CURRENT_TIMESTAMP)",
    )
    store.prepare(KEY)
    assert change(store, "SELECT key FROM connector_store") == [(NAME,)]


def test_a_lock_ends_with_its_session_and_the_late_write_is_a_conflict(server, postgres):
    version = postgres.write(KEY, {"token": "old"})
    sibling = SqlStore(server)
    with postgres.lock(KEY, 1.0):
        execute(server, "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'")
        with sibling.lock(KEY, 1.0):
            sibling.write(KEY, {"token": "of the sibling"}, version=version)
        with pytest.raises(errors.StoreError, match="terminat"):
            postgres.read(KEY)
        with pytest.raises(errors.StoreError) as caught:
            postgres.write(KEY, {"token": "late"}, version=version)
    assert caught.value.conflict
    assert postgres.read(KEY).data == {"token": "of the sibling"}


def test_a_lock_outlives_the_servers_own_limits(server):
    hasty = SqlStore(f"{server}?options=-c%20statement_timeout%3D50%20-c%20idle_session_timeout%3D50")
    other = SqlStore(server)
    with hasty.lock(KEY, 5.0):
        with pytest.raises(errors.StoreError, match="locked by"), other.lock(KEY, 0.4):
            pass
        hasty.write(KEY, {"a": 1})


def connections_when(server, expected):
    """Return how many connections of ours the server has, asked again while it still closes those that we left."""
    counted = "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'connector %'"
    count = None
    for _ in range(200):
        count = execute(server, counted)[0][0]
        if count == expected:
            break
    return count


def test_a_holder_reads_and_writes_over_the_connection_that_holds_the_lock(server, postgres):
    postgres.write(KEY, {})
    with postgres.lock(KEY, 5.0), postgres.lock("connection:home", 5.0):
        postgres.write(KEY, {"a": 1})
        postgres.prepare(KEY)
        assert connections_when(server, 2) == 2


def test_nothing_stays_open_on_the_server(server, postgres):
    with postgres.lock(KEY, 5.0):
        assert connections_when(server, 1) == 1
    postgres.write(KEY, {})
    assert connections_when(server, 0) == 0


# secrets


@pytest.mark.parametrize(
    "broken",
    [
        lambda url: url.replace(private_postgres.PASSWORD, f"{SECRET}-wrong%21"),
        lambda url: url.replace(url.rpartition(":")[2], "1/nothing-listens"),
        lambda url: url.rpartition("/")[0] + "/no_such_database",
        lambda url: f"{url}?no_such_option={SECRET}",
        lambda url: f"{url}?sslpassword={SECRET}&connect_timeout=soon",
        lambda url: url.replace(f":{private_postgres.PASSWORD}", "") + f"?password={SECRET}-wrong%21",
    ],
)
def test_the_password_of_a_url_is_in_no_error_and_no_repr(server, broken):
    store = open_store(broken(server))
    assert SECRET not in repr(store)
    assert "keeper" not in repr(store)
    for work in (
        lambda: store.read(KEY),
        lambda: store.write(KEY, {"t": TOKEN}),
        lambda: store.lock(KEY, 1.0).__enter__(),
    ):
        with pytest.raises(errors.StoreError) as caught:
            work()
        shown = "".join(traceback.format_exception(caught.value))
        assert SECRET not in str(caught.value)
        assert TOKEN not in shown
        assert caught.value.hint
        assert caught.value.__context__ is None


def library_errors():
    found = [sqlalchemy.exc.SQLAlchemyError]
    for kind in found:
        found.extend(kind.__subclasses__())
    return sorted({kind for kind in found if kind.__module__ == "sqlalchemy.exc"}, key=lambda kind: kind.__name__)


@pytest.mark.parametrize("kind", library_errors(), ids=lambda kind: kind.__name__)
def test_no_error_of_the_library_escapes_and_none_shows_a_value(sqlite, monkeypatch, kind):
    sqlite.write(KEY, {})
    error = kind.__new__(kind)
    if isinstance(error, sqlalchemy.exc.DBAPIError):
        kind.__init__(error, f"UPDATE {TOKEN}", {"data": TOKEN}, OSError("the reason"), hide_parameters=True)
    else:
        Exception.__init__(error, f"about {TOKEN}")

    def fail():
        raise error

    monkeypatch.setattr(sqlite._database, "connect", fail)
    for work in (lambda: sqlite.read(KEY), lambda: sqlite.write(KEY, {}), lambda: sqlite.prepare(KEY), sqlite.keys):
        with pytest.raises(errors.StoreError) as caught:
            work()
        assert TOKEN not in repr(caught.value)
        assert caught.value.__context__ is None


@pytest.mark.parametrize(("package", "url"), [("sqlalchemy", "sqlite:///x.db"), ("psycopg", "postgresql://h/d")])
def test_a_missing_package_names_the_extra(package, url):
    program = (
        f"import sys; sys.modules[{package!r}] = None\n"
        "from connector.runtime.storage.open import open_store\n"
        "from connector.errors import UsageError\n"
        f"try: open_store({url!r})\n"
        "except UsageError as error: print(error)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert package in done.stdout
    assert "[sql]" in done.stdout or "the extra sql of connector" in done.stdout
