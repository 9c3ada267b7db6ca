"""Typed Python of a connector: it is fresh, it runs, and it finds the mistakes that a program may have."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from pathlib import Path

import pytest

from connector import AsyncClient, Client, Connector
from connector.authoring.stubs.module import write_module
from connector.sandbox.sandbox import Sandbox
from connector.typed import zoom as typed_zoom
from connector.typed.zoom import AsyncZoom, Zoom

ROOT = Path(__file__).parents[3]
PROGRAM = """
from datetime import datetime

from connector import AsyncClient, Client
from connector.typed.zoom import AsyncZoom, Zoom


def onboard(client: Client) -> str:
    zoom = Zoom(client)
    user = zoom.create_user(email="a@b.example", first_name="A", last_name="B", user_type=2)
    made = zoom.create_meeting(
        user_id=user.data["id"], topic="Standup", meeting_type=2, start_time=datetime.now(), duration=30,
        weekly_day=[2, 4], settings_extra_fields={"focus_mode": True}, options={"timeout": 10, "retry": "engine"},
    )
    names = [one["email"] for one in zoom.iter_list_users(status="active", options={"limit": 5})]
    waits: bool = made.data["settings"]["waiting_room"]
    return made.data["join_url"] + names[0] + str(waits) + (made.request_id or "")


async def listen(client: AsyncClient) -> int:
    zoom = AsyncZoom(client)
    async for meeting in zoom.iter_list_meetings(user_id="me", from_="2030-01-01"):
        print(meeting["topic"])
    listed = await zoom.list_meetings(user_id="me")
    return listed.data["total_records"]
"""
MISTAKES = {
    'first_name="A"': 'frist_name="A"',  # no such input
    "meeting_type=2": "meeting_type=7",  # no such choice
    "duration=30": 'duration="soon"',  # another type
    'email="a@b.example", ': "",  # a required input is missing
    'made.data["join_url"]': 'made.data["joinUrl"]',  # no such field
    "waits: bool": "waits: int | None = None\n    label: str",  # another type of a field
    "zoom.list_meetings(user_id": "zoom.list_meeting(user_id",  # no such action
    '"timeout": 10': '"timeuot": 10',  # no such setting
}


def test_the_bundled_connectors_module_is_fresh(zoom):
    module = Path(typed_zoom.__file__)
    assert module.read_text("utf-8") == write_module(zoom), "run `connector stubs -o connector/typed/zoom.py`"


def test_methods_run_their_actions(zoom):
    sandbox = Sandbox(zoom)
    with Client(zoom, sandbox.connection, http=sandbox.http) as client:
        typed = Zoom(client)
        made = typed.create_meeting(user_id="me", topic="Standup", agenda=None)
        assert made.data["topic"] == "Standup"
        assert [one["topic"] for one in typed.iter_list_meetings(user_id="me")] == ["Standup"]
        assert typed.list_meetings(user_id="me", options={"limit": 1}).data["meetings"][0]["id"] == made.data["id"]


def test_methods_are_awaited_by_an_async_client(zoom):
    sandbox = Sandbox(zoom)

    async def work() -> list[str]:
        async with AsyncClient(zoom, sandbox.connection, http=sandbox.http) as client:
            typed = AsyncZoom(client)
            await typed.create_meeting(user_id="me", topic="Standup")
            return [one["topic"] async for one in typed.iter_list_meetings(user_id="me")]

    assert asyncio.run(work()) == ["Standup"]


def test_an_object_that_an_action_takes_is_typed(tmp_path):
    source = write_module(Connector.open(ROOT / "examples" / "google-calendar"))
    (tmp_path / "gcal.py").write_text(source)
    assert "attendees: Sequence[CreateEventAttendeesInput] | None | Unset = UNSET," in source
    call = 'Gcal(client).create_event(calendar_id="c", start="s", end="e", attendees=[{}])'
    program = tmp_path / "program.py"
    imports = "from connector import Client\nfrom gcal import Gcal\nclient: Client\n"
    program.write_text(imports + call.format('{"email": "a@x.io", "guests": 1}'))
    mistakes = ['{"emial": "a@x.io"}', '{"email": 7}', '{"guests": 1}', '{"email": "a", "answer": "maybe"}']
    files = [program]
    for number, mistake in enumerate(mistakes):
        files.append(tmp_path / f"wrong{number}.py")
        files[-1].write_text(imports + call.format(mistake))
    pytest.importorskip("mypy", reason="the type checker is not installed")
    assert check_with_mypy(files, tmp_path) == {f"wrong{number}" for number in range(len(mistakes))}


DEEP = """
action: find
label: Find
summary: Find ships.
request: POST /find
inputs:
  filter: {label: Filter, help: Which., type: object, to: body.filter, fields: "@filter"}
  near: {label: Near, help: Where., type: object, to: query.near, fields: "@filter"}
  aB: {label: A, help: A., type: object, to: body.a, fields: {c: {label: C, help: C., type: object, fields: {x: {label: X, help: X., type: string}}}}}
  a: {label: B, help: B., type: object, to: body.b, fields: {bC: {label: C, help: C., type: object, fields: {y: {label: Y, help: Y., type: string}}}}}
  sizes: {label: Sizes, help: Sizes., type: map of list of string, to: body.sizes}
  source:
    label: Source
    help: Where from.
    type: object
    to: body.source
    fields: {kind: {label: Kind, help: Which., type: string, required: true, choices: {a: A, b: B}}}
    variants:
      a: {label: A, when: {kind: [a]}, fields: {x: {label: X, help: X., type: scalar, required: true}}}
      b: {label: B, when: {kind: [b]}, fields: {y: {label: Y, help: Y., type: string, required: true}}}
"""
TYPES = """
types:
  filter:
    and: {label: And, help: All., type: list of object, fields: "@filter"}
    size: {label: Size, help: Size., type: integer}
"""
RIGHT_CALLS = (
    "filter={'and': [{'size': 1}, {'and': [{'size': None}]}]}", "near={'size': 1}", "a_b={'c': {'x': 'x'}}",
    "a={'bC': {'y': 'y'}}", "sizes={'a': ['x']}", "source={'kind': 'a', 'x': 1}", "source={'kind': 'b', 'y': 'y'}",
)  # fmt: skip
WRONG_CALLS = (
    "filter={'and': [{'size': 1}, {'and': [{'size': 'x'}]}]}", "near={'size': None}", "a_b={'c': {'y': 'x'}}",
    "a={'bC': {'x': 'y'}}", "sizes={'a': 7}", "source={'kind': 'a', 'y': 'y'}", "source={'kind': 'c'}",
)  # fmt: skip


def test_types_that_name_themselves_and_variants_are_typed_and_no_two_classes_have_one_name(folder, tmp_path):
    pytest.importorskip("mypy", reason="the type checker is not installed")
    connector = folder(TYPES, {"find": DEEP})
    (tmp_path / "made.py").write_text(write_module(connector))
    files = []
    for name, calls in (("right", RIGHT_CALLS), ("wrong", WRONG_CALLS)):
        for number, call in enumerate(calls):
            files.append(tmp_path / f"{name}{number}.py")
            made = "".join(part.capitalize() for part in connector.name.split("_"))
            files[-1].write_text(
                f"from connector import Client\nfrom made import {made}\nclient: Client\n{made}(client).find({call})\n"
            )
    assert check_with_mypy(files, tmp_path) == {f"wrong{number}" for number in range(len(WRONG_CALLS))}


@pytest.mark.parametrize("name", ["github", "stripe"])
def test_any_connector_has_a_module_that_can_be_imported(name, tmp_path):
    source = write_module(Connector.open(ROOT / "examples" / name))
    (tmp_path / "made.py").write_text(source)
    done = subprocess.run([sys.executable, "made.py"], cwd=tmp_path, env={"PYTHONPATH": str(ROOT)}, check=False)
    assert done.returncode == 0


def check_with_mypy(files, folder):
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--no-error-summary", "--hide-error-context", *map(str, files)],
        cwd=folder, capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    return {Path(line.partition(":")[0]).stem for line in done.stdout.splitlines() if ": error:" in line}


def check_with_pyright(files, folder):
    done = subprocess.run(
        [sys.executable, "-m", "pyright", "--outputjson", "--pythonpath", sys.executable, *map(str, files)],
        cwd=folder, capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    found = json.loads(done.stdout)["generalDiagnostics"]
    return {Path(one["file"]).stem for one in found if one["severity"] == "error"}


@pytest.mark.parametrize("check", [check_with_mypy, check_with_pyright], ids=["mypy", "pyright"])
def test_a_type_checker_finds_every_planted_mistake_and_no_other(check, tmp_path):
    pytest.importorskip(check.__name__.removeprefix("check_with_"), reason="the type checker is not installed")
    right = tmp_path / "right.py"
    right.write_text(PROGRAM)
    files = [right]
    for number, (good, bad) in enumerate(MISTAKES.items()):
        assert good in PROGRAM
        files.append(tmp_path / f"wrong{number}.py")
        files[-1].write_text(PROGRAM.replace(good, bad))
    assert check(files, ROOT) == {f"wrong{number}" for number in range(len(MISTAKES))}


def test_rows_and_the_results_of_a_job_have_their_types() -> None:
    connector = Connector.open(Path(__file__).parents[3] / "examples" / "salesforce")
    module = write_module(connector)
    job = module.partition("def create_query_job(")[2].partition('"""')[0]
    assert "-> Result[list[dict[str, str | None]]]:" in job
    assert "Items[dict[str, str | None]]:" in module.partition("def iter_create_query_job(")[2].partition('"""')[0]
