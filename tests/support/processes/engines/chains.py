"""The chain that every engine runs as one durable workflow."""

from __future__ import annotations

CHAIN = {
    "inputs": {"topics": ["One", "Two", "Three"]},
    "steps": {
        "me": {"action": "getUser", "inputs": {"userId": "me"}},
        "meetings": {
            "each": {"from": "inputs", "query": "topics"},
            "concurrency": 2,
            "action": "createMeeting",
            "inputs": {"userId": {"from": "me", "query": "id"}, "topic": {"from": "each"}},
        },
    },
    "keep": {"topics": {"from": "meetings", "query": "[].topic"}},
}
