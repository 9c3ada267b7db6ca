"""A program to test: it plans meetings for new colleagues."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector import errors

if TYPE_CHECKING:
    from connector import AsyncClient, Client


def plan_welcome(client: Client, name: str, user_id: str = "me") -> str:
    """Create a meeting for a new colleague, unless there is one, and return the link to join."""
    topic = f"Welcome, {name}"
    for meeting in client.items("listMeetings", {"userId": user_id}):
        if meeting["topic"] == topic:
            return str(meeting["join_url"])
    try:
        made = client.run("createMeeting", {"userId": user_id, "topic": topic, "duration": 30})
    except errors.ConnectorError as error:
        if error.outcome != "uncertain":
            raise
        return "The meeting may have been created. Look before you try again."
    return str(made.data["join_url"])


def cancel(client: Client, meeting_id: int) -> bool:
    """Delete a meeting; return whether there was one."""
    try:
        client.request("DELETE", f"/meetings/{meeting_id}")
    except errors.NotFound:
        return False
    return True


async def count_meetings(client: AsyncClient, user_id: str = "me") -> int:
    """Count the meetings of a user."""
    return len([meeting async for meeting in client.items("listMeetings", {"userId": user_id})])


def read_profile(client: Client) -> dict[str, Any]:
    """Return the name and the address of the user who is signed in."""
    user = client.run("getUser", {"userId": "me"}).data
    return {"name": f"{user['first_name']} {user['last_name']}", "email": user["email"]}
