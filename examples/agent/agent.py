"""An agent that does a task with the tools of `connector mcp`; a script decides in the place of a model.

`python agent.py` works in the sandbox; `python agent.py --connection work` with a stored connection. Before something
is deleted, you are asked. To put a model in, write a `decide` of your own: give the model the tools (their name,
description and input_schema) and the turns so far, and return the call that it asks for, or its answer.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mcp import Client
from mcp.client.stdio import StdioServerParameters
from mcp.types import ElicitResult

if TYPE_CHECKING:
    from collections.abc import Callable

    from mcp.types import Tool

MAX_TURNS = 20


@dataclass(frozen=True)
class Call:
    """A tool that the model wants called."""

    tool: str
    arguments: dict[str, Any]


@dataclass(frozen=True)
class Answer:
    """What the model says when it is done."""

    text: str


@dataclass(frozen=True)
class Turn:
    """A call and what came back: JSON, or a text that says what was wrong."""

    call: Call
    reply: str
    is_error: bool


if TYPE_CHECKING:
    Decide = Callable[[list[Tool], list[Turn]], Call | Answer]


def decide_by_script(tools: list[Tool], turns: list[Turn]) -> Call | Answer:  # noqa: ARG001  a model needs the tools
    """Decide as a model might that is told: "Try out how a new colleague gets a meeting, and clean up"."""
    match turns:
        case []:
            return Call("list_users", {"_fields": "users[].email"})
        case [_]:
            return Call("create_user", {"email": "grace@example.com", "firstName": "Grace", "lastName": "Hopper"})
        case [_, refused] if refused.is_error:  # the answer has named what is missing
            return Call("create_user", {**refused.call.arguments, "userType": 1, "_fields": "id"})
        case [_, _, created]:
            return Call("create_meeting", {"userId": json.loads(created.reply), "topic": "Welcome", "_fields": "topic"})
        case [_, _, created, _]:
            return Call("delete_user", {"userId": json.loads(created.reply), "action": "delete"})
    return Answer("The person agreed to the deletion." if not turns[-1].is_error else "The user Grace is still there.")


def ask_person(question: str) -> bool:
    """Ask at the terminal; anything but yes is a no."""
    return input(f"{question} [yes/no] ").strip().lower() in ("y", "yes")


async def run(server: StdioServerParameters, decide: Decide, ask: Callable[[str], bool]) -> str:
    """Let a model call tools until it answers; `ask` is asked before what destroys. Returns the answer."""

    async def answer(_: Any, params: Any) -> ElicitResult:
        is_agreed = await asyncio.to_thread(ask, params.message)
        return ElicitResult(action="accept", content={"yes": True}) if is_agreed else ElicitResult(action="decline")

    turns: list[Turn] = []
    async with Client(server, elicitation_callback=answer) as client:
        tools = (await client.list_tools()).tools
        while len(turns) < MAX_TURNS:
            decided = decide(tools, turns)
            if isinstance(decided, Answer):
                return decided.text
            result = await client.call_tool(decided.tool, decided.arguments)
            reply = "".join(part.text for part in result.content if part.type == "text")
            turns.append(Turn(decided, reply, bool(result.is_error)))
            print(f"{decided.tool}: {reply}")
    return f"No answer after {MAX_TURNS} calls."


def main(arguments: list[str]) -> None:
    """Run the scripted agent; `arguments` go to `connector mcp` (default: the sandbox)."""
    command = ["-m", "connector", "mcp", *(arguments or ["--sandbox", "--quiet"])]
    server = StdioServerParameters(command=sys.executable, args=command, env=dict(os.environ))
    print(asyncio.run(run(server, decide_by_script, ask_person)))


if __name__ == "__main__":
    main(sys.argv[1:])
