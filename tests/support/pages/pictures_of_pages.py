"""The pictures of terminals that the pages show."""

from __future__ import annotations

from support.pages.terminal_pictures import Picture

LIST_MEETINGS = (
    "connector run listMeetings --sandbox --quiet --user-id me --output table "
    "--query 'meetings[].{id: id, topic: topic, link: join_url}'"
)
PICTURES = (
    Picture(
        "first-meeting",
        "A terminal: connector run createMeeting in the sandbox prints a join link, and listMeetings lists the meeting.",
        (
            "connector run createMeeting --sandbox --user-id me --topic Standup --query join_url",
            LIST_MEETINGS,
        ),
    ),
    Picture(
        "wrong-inputs",
        "A terminal: four mistakes in the inputs of createMeeting are told at once, each with its fix.",
        ("connector run createMeeting --sandbox --duration 'an hour' --recurrence 2 --quiet",),
    ),
    Picture(
        "log-of-runs",
        "A terminal: one write whose reply was lost, and the log of runs that has it first, as uncertain.",
        (
            "connector run createMeeting --sandbox --user-id me --topic Standup --query topic --quiet",
            "connector run createMeeting --sandbox --user-id me --topic Retro --fault drop-reply --quiet",
            "connector runs list --sandbox",
        ),
    ),
)
