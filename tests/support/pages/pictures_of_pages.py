"""The pictures of terminals that the pages show."""

from __future__ import annotations

from support.pages.terminal_pictures import Picture

PICTURES = (
    Picture(
        "first-meeting",
        "A terminal: connector run createMeeting in the sandbox prints the meeting as a card, and listMeetings lists it.",
        (
            "connector run createMeeting --sandbox --user-id me --topic Standup --start-time '2030-01-07 09:00'",
            "connector run listMeetings --sandbox --user-id me --quiet",
        ),
    ),
    Picture(
        "wrong-inputs",
        "A terminal: four mistakes in the inputs of createMeeting are reported at once, each with its fix.",
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
