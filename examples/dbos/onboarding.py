"""Onboarding as a durable workflow: a user at the service, a meeting for that user, and both in a database of yours.

`python onboarding.py grace@example.com Grace Hopper` starts it; run it again with the same address after a crash, and
it goes on where it was. Nothing is created twice. The connection is that of the environment (see docs/connections.md);
the progress is in DBOS_SYSTEM_DATABASE_URL, the results in the SQLite file that ONBOARDING_DATABASE names.
"""

from __future__ import annotations

import os
import sqlite3
import sys
from contextlib import closing
from typing import Any

from dbos import DBOS, SetWorkflowID

from connector.integrations.dbos import run_action

TABLES = """
CREATE TABLE IF NOT EXISTS users (id TEXT PRIMARY KEY, email TEXT NOT NULL, first_name TEXT);
CREATE TABLE IF NOT EXISTS meetings (id INTEGER PRIMARY KEY, user_id TEXT NOT NULL, topic TEXT, join_url TEXT);
"""


# DBOS repeats a step that a crash cut off, so what is there already is written again.
@DBOS.step()
def keep_user(user: dict[str, Any]) -> None:
    """Write what the service said of a user."""
    write("INSERT OR REPLACE INTO users VALUES (:id, :email, :first_name)", user)


@DBOS.step()
def keep_meeting(user_id: str, meeting: dict[str, Any]) -> None:
    """Write what the service said of a meeting."""
    row = {**meeting, "user_id": user_id}
    write("INSERT OR REPLACE INTO meetings VALUES (:id, :user_id, :topic, :join_url)", row)


def write(statement: str, row: dict[str, Any]) -> None:
    """Run a statement of the application's database with the values of a row."""
    path = os.environ.get("ONBOARDING_DATABASE", "onboarding.sqlite")
    with closing(sqlite3.connect(path)) as database, database:
        database.executescript(TABLES)
        database.execute(statement, row)


@DBOS.workflow()
def onboard(email: str, first_name: str, last_name: str) -> str:
    """Create a user and a first meeting; return the link to join it. Raises the ConnectorError of a failed call."""
    given = {"email": email, "firstName": first_name, "lastName": last_name, "userType": 1}
    user = run_action("createUser", given)["data"]
    keep_user(pick(user, "id", "email", "first_name"))
    welcome = {"userId": user["id"], "topic": f"Welcome, {first_name}", "duration": 30}
    meeting = run_action("createMeeting", welcome)["data"]
    keep_meeting(user["id"], pick(meeting, "id", "topic", "join_url"))
    return str(meeting["join_url"])


def pick(data: dict[str, Any], *names: str) -> dict[str, Any]:
    """Return these fields alone; the others, such as a meeting's start_url, are not kept twice."""
    return {name: data[name] for name in names}


def main(email: str, first_name: str, last_name: str) -> None:
    """Start or resume the onboarding of a person: the address is the id of the workflow."""
    database = os.environ.get("DBOS_SYSTEM_DATABASE_URL", "sqlite:///dbos.sqlite")
    DBOS(config={"name": "onboarding", "system_database_url": database, "log_level": "ERROR"})
    DBOS.launch()
    try:
        with SetWorkflowID(f"onboard-{email}"):
            print(onboard(email, first_name, last_name))
    finally:
        DBOS.destroy()


if __name__ == "__main__":
    main(*sys.argv[1:])
