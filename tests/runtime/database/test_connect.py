"""A URL opens the database that it names; what is done in one transaction is done whole or not at all."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Column, Integer, MetaData, Table, insert, select
from support import private_postgres
from support.servers import GivenClock

from connector import errors
from connector.runtime.clock import SystemClock
from connector.runtime.database.connect import open_database
from connector.runtime.database.table_schema import define_schema

TABLE = Table("numbers", MetaData(), Column("number", Integer, primary_key=True))
SCHEMA = define_schema("numbers", "the numbers", [TABLE])


def count(database):
    return database.run(lambda connection: len(connection.execute(select(TABLE)).all()))


@pytest.fixture(params=["sqlite", "postgres"])
def database(request, tmp_path):
    url = private_postgres.fresh() if request.param == "postgres" else f"sqlite:///{tmp_path}/new/numbers.db"
    return open_database(url, SCHEMA, SystemClock())  # who waits for a lock waits for a thread that really runs


@pytest.mark.parametrize(
    "url", ["mysql://h/d", "sqlite", "", "postgresql+asyncpg://h/d", "http://h/d", "sqlite+aiosqlite:///x"]
)
def test_a_url_of_no_supported_database_is_refused_without_showing_it(url):
    with pytest.raises(errors.UsageError, match="does not name a supported database") as caught:
        open_database(url, SCHEMA, GivenClock())
    assert "sqlite:///PATH" in caught.value.hint


def test_an_error_shows_no_password(tmp_path):
    unreachable = open_database("postgresql://ada:canary@127.0.0.1:1/db", SCHEMA, GivenClock())
    with pytest.raises(errors.StoreError) as caught:
        count(unreachable)
    assert "canary" not in f"{caught.value!r} {caught.value} {caught.value.hint} {unreachable!r}"


def test_the_table_is_there_when_it_is_first_used(database):
    assert count(database) == 0


def test_a_transaction_that_fails_leaves_nothing(database):
    def insert_and_fail(connection):
        connection.execute(insert(TABLE).values(number=1))
        raise errors.UsageError("Stop.")

    with pytest.raises(errors.UsageError, match="Stop"):
        database.run_in_transaction(insert_and_fail)
    assert count(database) == 0
    database.run_in_transaction(lambda connection: connection.execute(insert(TABLE).values(number=1)))
    assert count(database) == 1


def test_a_lock_is_for_one_at_a_time(database):
    held = []

    def hold(_):
        with database.hold("key", 30):
            held.append(1)
            now = len(held)
            held.pop()
            return now

    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(hold, range(12))) == {1}


def test_a_file_of_sqlite_is_its_owners_alone(tmp_path):
    path = tmp_path / "new" / "numbers.db"
    count(open_database(f"sqlite:///{path}", SCHEMA, GivenClock()))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
