"""An editor shows the actions of a typed connector, their inputs, choices and help."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytest.importorskip("pyright", reason="pyright, whose language server stands for an editor, is not installed")
PROGRAM = """from connector import Client
from connector.typed.zoom import Zoom

zoom = Zoom(Client.from_env())
zoom.create_meeting(user_id="me", topic="Standup", )
zoom.create_meeting(user_id="me", audio=)
zoom.create_
"""


class LanguageServer:
    """pyright's, over its pipes; one program is open in it."""

    def __init__(self, folder: Path, text: str) -> None:
        command = [sys.executable, "-m", "pyright.langserver", "--stdio"]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        self._lines, self._number = text.splitlines(), 0
        self._document = {"uri": (folder / "program.py").as_uri()}
        capabilities = {
            "workspace": {"configuration": True},
            "textDocument": {
                "signatureHelp": {"signatureInformation": {"documentationFormat": ["plaintext"]}},
                "completion": {"completionItem": {"documentationFormat": ["plaintext"]}},
            },
        }
        root = {"uri": folder.as_uri(), "name": "root"}
        self.ask("initialize", {"processId": None, "workspaceFolders": [root], "capabilities": capabilities})
        self._send({"method": "initialized", "params": {}})
        opened = {**self._document, "languageId": "python", "version": 1, "text": text}
        self._send({"method": "textDocument/didOpen", "params": {"textDocument": opened}})

    def ask(self, method: str, params: dict[str, Any]) -> Any:
        """Ask, and return the answer; what the server asks meanwhile is answered."""
        self._number += 1
        self._send({"id": self._number, "method": method, "params": params})
        while True:
            message = self._receive()
            if message.get("id") == self._number and "method" not in message:
                return message["result"]
            if "id" in message:  # the server's own question
                self._send({"id": message["id"], "result": _answer(message)})

    def complete(self, line: int, after: str) -> dict[str, dict[str, Any]]:
        """Return what is offered behind a text in a line, by label."""
        answer = self.ask("textDocument/completion", self._place(line, after))
        return {item["label"]: item for item in answer["items"]}

    def describe(self, item: dict[str, Any]) -> str:
        """Return the help of an offer."""
        return str(self.ask("completionItem/resolve", item)["documentation"])

    def describe_call(self, line: int, after: str) -> str:
        """Return what is shown while the arguments of a call are typed."""
        (signature,) = self.ask("textDocument/signatureHelp", self._place(line, after))["signatures"]
        return signature["label"] + "\n" + signature["documentation"]["value"]

    def close(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.communicate()

    def _place(self, line: int, after: str) -> dict[str, Any]:
        column = self._lines[line - 1].index(after) + len(after)
        return {"textDocument": self._document, "position": {"line": line - 1, "character": column}}

    def _send(self, message: dict[str, Any]) -> None:
        content = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self._process.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(content), content))
        self._process.stdin.flush()

    def _receive(self) -> dict[str, Any]:
        length = 0
        while (header := self._process.stdout.readline()) not in (b"\r\n", b""):
            name, _, value = header.partition(b":")
            length = int(value) if name.lower() == b"content-length" else length
        assert length, "the language server ended"
        return json.loads(self._process.stdout.read(length))


def _answer(question: dict[str, Any]) -> Any:
    if question["method"] != "workspace/configuration":
        return None
    settings = {"python": {"pythonPath": sys.executable}}
    return [settings.get(item.get("section")) for item in question["params"]["items"]]


@pytest.fixture
def editor(tmp_path: Path) -> Iterator[LanguageServer]:
    (tmp_path / "program.py").write_text(PROGRAM)
    server = LanguageServer(tmp_path, PROGRAM)
    yield server
    server.close()


def test_an_editor_offers_actions_inputs_and_choices_and_shows_their_help(editor):
    actions = editor.complete(7, "zoom.create_")
    assert {"create_meeting", "create_user"} <= set(actions)
    assert "meeting" in editor.describe(actions["create_meeting"])
    inputs = editor.complete(5, 'topic="Standup", ')
    assert {"agenda=", "start_time=", "duration=", "waiting_room="} <= set(inputs)
    assert {'"both"', '"telephony"', '"voip"'} <= set(editor.complete(6, "audio="))
    shown = editor.describe_call(5, 'topic="Standup", ')
    for words in ("meeting_type: ", "Literal[1, 2, 3, 8, 10]", "duration: How long the meeting lasts, in minutes."):
        assert words in shown
