"""Tables have a version: older ones are brought up to date as a whole, by one process; newer ones are refused."""

from __future__ import annotations

import pytest
from support import private_postgres
from support.processes import migrations
from support.processes.forked import Sibling
from support.processes.migrations import FIRST, SECOND, TABLE

from connector import __version__, errors
from connector.runtime.database.driver import open_driver

VERSIONS = "SELECT name, version, program FROM connector_versions ORDER BY name"
MIGRATED = [(1, "one", 10), (2, "two", 20)]


@pytest.fixture(params=["sqlite", "postgres"])
def url(request, tmp_path):
    return private_postgres.fresh() if request.param == "postgres" else f"sqlite:///{tmp_path}/place/notes.db"


def use(url, schema, *statements):
    """Run statements with the tables of a schema, and return the rows of the last one."""
    database = open_driver(url, schema)
    try:
        return [database.run(lambda session, text=text: session.execute(text)) for text in statements][-1]
    finally:
        database.close()


def make_old(url):
    """Make the table as a program without versions made it."""
    use(
        url, FIRST, f"DROP TABLE {TABLE}", "DROP TABLE connector_versions",
        f"CREATE TABLE {TABLE} (id INTEGER PRIMARY KEY, body TEXT)",
        f"INSERT INTO {TABLE} VALUES (1, 'one'), (2, 'two')",
    )  # fmt: skip


def test_new_tables_have_the_newest_version_and_say_who_wrote_it(url):
    assert use(url, SECOND, VERSIONS) == [("notes", 2, __version__)]


def test_tables_without_a_version_are_taken_over_with_their_rows(url):
    make_old(url)
    assert use(url, SECOND, f"SELECT * FROM {TABLE} ORDER BY id") == MIGRATED
    assert use(url, SECOND, VERSIONS) == [("notes", 2, __version__)]


def test_only_the_steps_that_are_missing_are_done(url):
    use(url, FIRST, f"INSERT INTO {TABLE} VALUES (1, 'one', 7)", f"ALTER TABLE {TABLE} DROP COLUMN stars")
    assert use(url, SECOND, f"SELECT * FROM {TABLE}") == [(1, "one", 10)]
    use(url, SECOND, f"UPDATE {TABLE} SET stars = 3")
    assert use(url, SECOND, f"SELECT * FROM {TABLE}") == [(1, "one", 3)]


def test_a_newer_version_is_refused_by_a_sentence_that_says_who_wrote_it(url):
    use(url, SECOND, f"INSERT INTO {TABLE} VALUES (1, 'one', 1)", "UPDATE connector_versions SET program = '9.8.7'")
    with pytest.raises(errors.StoreError) as caught:
        use(url, FIRST, f"DELETE FROM {TABLE}")
    assert "the notes was written by connector 9.8.7, as version 2" in str(caught.value)
    assert f"this is connector {__version__}, which knows version 1" in str(caught.value)
    assert "Install connector 9.8.7 or a newer one" in caught.value.hint
    assert use(url, SECOND, f"SELECT count(*) FROM {TABLE}") == [(1,)]


def test_processes_that_start_at_once_migrate_once(url):
    make_old(url)
    siblings = [Sibling(migrations.migrate, url) for _ in range(5)]
    for one in siblings:
        assert one.hear() == "ready"
    for one in siblings:
        one.say("go")
    assert [one.hear() for one in siblings] == [MIGRATED] * 5


def test_a_process_that_dies_in_the_middle_leaves_the_old_tables(url):
    make_old(url)
    dying = Sibling(migrations.migrate, url, True)
    assert dying.hear() == "ready"
    dying.say("go")
    dying.process.join(30)
    assert dying.process.exitcode == -9
    assert use(url, SECOND, f"SELECT * FROM {TABLE} ORDER BY id") == MIGRATED
