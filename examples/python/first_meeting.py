"""Schedule a first meeting: at Zoom when ZOOM_ variables describe a connection, else in the sandbox."""

from __future__ import annotations

import sys

from connector import Client, Connection, Connector, errors
from connector.testing import Sandbox


def open_client(zoom: Connector) -> Client:
    """Return a client of the account that the environment names, or of the stand-in."""
    try:
        return Client(zoom, Connection.from_env(zoom))
    except errors.SignInError as error:
        print(f"{error}\nMeanwhile, this is the sandbox.", file=sys.stderr)
        box = Sandbox(zoom)
        return Client(zoom, box.connection, http=box.http)


def main() -> None:
    """Create a meeting, look it up again, and print how to join it."""
    with open_client(Connector.open()) as client:
        given = {"userId": "me", "topic": "First meeting", "startTime": "2030-01-07T09:00:00Z", "duration": 30}
        meeting = client.run("createMeeting", given).data
        found = client.run("getMeeting", {"meetingId": meeting["id"]}).data
        print(f"{found['topic']}: {found['join_url']}")


if __name__ == "__main__":
    main()
