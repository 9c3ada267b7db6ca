"""A DBOS application: one workflow for events; as a program, a worker that runs until it is killed."""

from __future__ import annotations

import json
import sys
import threading
from typing import Any

from dbos import DBOS, SetWorkflowID

from connector.integrations.dbos import run_action

QUEUE = "contract"


@DBOS.workflow(name="contract.on_event")
def read_user(event: dict[str, Any]) -> str:
    """Read who an event is about; an action as a part of a larger workflow."""
    return run_action("getUser", {"userId": event["data"]["payload"]["object"]["id"]})["data"]["email"]


def launch(database: str) -> None:
    """Launch the runtime, which recovers what an earlier worker left."""
    DBOS(
        config={
            "name": "contract",
            "system_database_url": database,
            "sys_db_pool_size": 4,
            "log_level": "DEBUG",
            "notification_listener_polling_interval_sec": 0.05,
        }
    )
    DBOS.launch()
    DBOS.register_queue(QUEUE, polling_interval_sec=0.05)


if __name__ == "__main__":  # DATABASE [ID ACTION GIVEN]
    launch(sys.argv[1])
    if len(sys.argv) > 2:
        with SetWorkflowID(sys.argv[2]):
            DBOS.start_workflow(run_action, sys.argv[3], json.loads(sys.argv[4]))
    threading.Event().wait()
