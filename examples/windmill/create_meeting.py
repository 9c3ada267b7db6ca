# /// script
# requires-python = ">=3.11"
# dependencies = ["connector[sql,crypto] @ https://files.example.com/connector-0.1.0-py3-none-any.whl"]
# ///
"""A step of a Windmill flow that creates a meeting in one attempt; Windmill owns the repeats.

It fails when another attempt is worth it, and the flow's retries make one. What no attempt will mend it returns as
`{"error": ...}`, which stops the flow.
"""

import os
from typing import TypedDict

from connector import errors
from connector.integrations.work import attempt_call


class connector_store(TypedDict):  # noqa: N801  the name of a resource type
    """Where the connections are: a resource of the workspace, whose fields are secret variables."""

    url: str  # postgresql://...
    key: str  # what `connector connections key` printed


def main(store: connector_store, connection: str, topic: str, duration: int = 30) -> dict:
    """Return `{"result": ...}` or `{"error": ...}`; raise the error when another attempt is worth it."""
    os.environ.update(CONNECTOR_STORE=store["url"], CONNECTOR_KEY=store["key"])
    answer = attempt_call(
        "createMeeting",
        {"userId": "me", "topic": topic, "duration": duration},
        connection=connection,
        key=f"{os.environ.get('WM_FLOW_JOB_ID')}.{os.environ.get('WM_FLOW_STEP_ID')}",  # the same for each attempt
        timeout="60s",
    )
    if answer.get("again") is not None:
        raise errors.from_dict(answer["error"])
    return answer
