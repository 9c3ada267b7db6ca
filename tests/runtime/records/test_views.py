"""Who writes SQL finds a view for each resource, with typed columns, in both databases."""

from __future__ import annotations

import time

import pytest
from support import private_postgres

from connector import Connector, errors
from connector.core.records.record import Sight
from connector.runtime.records.records import Records


@pytest.fixture(params=["sqlite", "postgres"])
def records(request, tmp_path):
    url = f"sqlite:///{tmp_path / 'records.sqlite'}" if request.param == "sqlite" else private_postgres.fresh()
    with Records(url) as opened:
        yield opened


def test_a_view_has_the_plain_fields_of_its_objects(records):
    zoom = Connector.open()
    sights = [
        Sight(resource="meetings", id="7", source="list", data={"id": 7, "topic": "It's", "duration": 45}),
        Sight(resource="meetings", id="8", source="list", data={"id": 8, "duration": "long", "settings": {}}),
    ]
    records.keep("zoom", "a", sights, time.time()).result(10)
    for _ in range(2):
        records.create_views(zoom)
    columns, rows = records.query("SELECT id, topic, duration + 1 AS more FROM zoom_meetings ORDER BY id")
    assert columns == ["id", "topic", "more"]
    assert rows[0] == ("7", "It's", 46)
    assert rows[1][:2] == ("8", None)
    [[total, mean]] = records.query("SELECT SUM(duration), AVG(duration + 0.5) FROM zoom_meetings WHERE id = '7'")[1]
    assert (type(total), total, type(mean), mean) == (int, 45, float, 45.5), "numbers are JSON's in both databases"
    assert records.read_view("zoom_meetings")[1][0][0] == "7"


def test_a_view_of_an_older_schema_is_made_anew(records):
    zoom = Connector.open()
    records.create_views(zoom)
    records._database.run(lambda one: one.exec_driver_sql("DROP VIEW zoom_users"))
    records._database.run(lambda one: one.exec_driver_sql("CREATE VIEW zoom_users AS SELECT id FROM connector_records"))
    records.create_views(zoom)
    assert "first_name" in records.query("SELECT * FROM zoom_users")[0]


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM connector_records",
        "DROP TABLE connector_records",
        "SET TRANSACTION READ WRITE; DELETE FROM connector_records",
        "SET default_transaction_read_only = off; DELETE FROM connector_records",
        "PRAGMA query_only = OFF; DELETE FROM connector_records",
        "SELECT 1; DELETE FROM connector_records",
        "COMMIT; DELETE FROM connector_records",
        "no SQL",
    ],
)
def test_a_query_that_would_write_or_is_none_is_refused(records, statement):
    records.keep("zoom", "a", [Sight(resource="users", id="1", source="get", data={"id": "1"})], time.time()).result(10)
    with pytest.raises(errors.UsageError, match="query failed"):
        records.query(statement)
    assert records.count("zoom") == {"users": 1}


def test_a_query_may_have_signs_of_formats(records):
    assert records.query("SELECT '100%' AS share, 'a' LIKE '%a' AS found")[1][0][0] == "100%"


@pytest.mark.parametrize(
    "statement",
    [
        "ATTACH DATABASE '{}' AS e", "VACUUM INTO '{}'", "PRAGMA user_version = 7", "PRAGMA journal_mode = DELETE",
        "BEGIN EXCLUSIVE", "CREATE TEMP TABLE t (a)",
    ],
)  # fmt: skip
def test_a_query_of_a_file_opens_no_other_and_sets_nothing(tmp_path, statement):
    with Records(f"sqlite:///{tmp_path / 'records.sqlite'}") as records:
        records.create_views(Connector.open())
        with pytest.raises(errors.UsageError, match="query failed"):
            records.query(statement.format(tmp_path / "x.db"))
        assert not (tmp_path / "x.db").exists()
        assert records.query("SELECT name FROM pragma_table_info('zoom_users') LIMIT 1")[1] == [("id",)]
        assert records.query("SELECT value FROM json_each('[7]')")[1] == [(7,)]
        assert records.query("PRAGMA table_info(zoom_users)")[1][0][1] == "id"


def test_a_whole_number_is_exact_however_large(records):
    numbers = {"1": 2**63 - 1, "2": 2**63, "3": -(10**20), "4": 7}
    sights = [
        Sight(resource="users", id=key, source="list", data={"id": key, "pmi": pmi}) for key, pmi in numbers.items()
    ]
    records.keep("zoom", "a", sights, time.time()).result(10)
    records.create_views(Connector.open())
    rows = records.query("SELECT id, pmi FROM zoom_users ORDER BY id")[1]
    assert {key: int(pmi) for key, pmi in rows} == numbers


def test_a_view_of_an_older_program_is_made_anew_in_sqlite(tmp_path):
    with Records(f"sqlite:///{tmp_path / 'records.sqlite'}") as records:
        records.create_views(Connector.open())

        def read_version(connection):
            return connection.exec_driver_sql("PRAGMA schema_version").scalar()

        before = records._database.run(read_version)
        records.create_views(Connector.open())
        assert records._database.run(read_version) == before, "a view that is the same stays"
        columns = ", ".join(f"NULL AS {name}" for name in records.query("SELECT * FROM zoom_users")[0])
        for statement in ("DROP VIEW zoom_users", f"CREATE VIEW zoom_users AS SELECT {columns}"):
            records._database.run(lambda one, statement=statement: one.exec_driver_sql(statement))
        records.create_views(Connector.open())
        assert records.query("SELECT id FROM zoom_users")[1] == []
