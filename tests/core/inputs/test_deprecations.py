"""What was renamed is still taken, what is deprecated still runs, and a call says so."""

from __future__ import annotations

import json

import pytest

from connector import AsyncClient, Client, Connection
from connector.cli.main import run
from connector.errors import InputError

MAKE_LAMP = """
action: makeLamp
label: Make Lamp
summary: Make a lamp.
was: [buildLamp]
request: POST /lamps
inputs:
  watts: {label: Watts, help: How bright., type: integer, to: body.watts, was: [powerLevel]}
  colour:
    {label: Colour, help: Its colour., type: string, to: body.colour, deprecated: {since: 2.0.0, use: shade}}
  shade: {label: Shade, help: Its shade., type: string, to: body.shade}
  bulbs:
    label: Bulbs
    help: What it holds.
    type: list of object
    to: body.bulbs
    fields:
      glass: {label: Glass, help: Its glass., type: string, was: [glassType]}
      parts: {label: Parts, help: Its parts., type: map of object, fields: {name: {label: Name, help: Its name., type: string, was: [title]}}}
      size: {label: Size, help: Its size., type: string, deprecated: {since: "2026-01-01", why: It is standard now.}}
"""
OLD_LAMP = """
action: lightLamp
label: Light Lamp
summary: Light a lamp.
deprecated: {since: 2.0.0, use: makeLamp, why: The service ends it in 2027.}
request: POST /light
"""


@pytest.fixture
def lamps(folder, server):
    connector = folder(actions={"make-lamp": MAKE_LAMP, "light-lamp": OLD_LAMP})
    with Client(connector, Connection(connector, "key", apiKey="k"), base_url=server.url) as client:
        yield client


@pytest.mark.parametrize("name", ["buildLamp", "build_lamp", "build-lamp"])
def test_an_earlier_key_of_an_action_runs_it_and_is_told(lamps, name):
    assert lamps.run(name, {"watts": 5}).warnings == (f"{name} is called makeLamp now.",)


def test_the_key_of_today_has_no_warning(lamps):
    assert lamps.run("makeLamp", {"watts": 5}).warnings == ()


@pytest.mark.parametrize("name", ["powerLevel", "power_level"])
def test_an_earlier_key_of_an_input_is_sent_as_today_and_told(lamps, server, name):
    result = lamps.run("makeLamp", {name: 5})
    assert result.warnings == (f"{name} is called watts now.",)
    assert server.requests[-1].json() == {"watts": 5}


def test_the_old_and_the_new_key_together_are_two_values(lamps):
    with pytest.raises(InputError, match="two values: as powerLevel and as watts"):
        lamps.run("makeLamp", {"powerLevel": 5, "watts": 6})


def test_a_deprecated_action_says_since_when_what_to_use_and_why(lamps):
    told = "lightLamp: Deprecated since 2.0.0. Use makeLamp. The service ends it in 2027."
    assert lamps.run("lightLamp").warnings == (told,)


def test_deprecated_inputs_are_told_when_they_are_given_members_of_objects_too(lamps):
    inputs = {"colour": "red", "bulbs": [{"size": "E14"}]}
    assert lamps.run("makeLamp", inputs).warnings == (
        "colour: Deprecated since 2.0.0. Use shade.",
        "bulbs.0.size: Deprecated since 2026-01-01. It is standard now.",
    )
    assert lamps.run("makeLamp", {"shade": "red"}).warnings == ()


@pytest.mark.parametrize("is_text", [False, True])
def test_earlier_keys_of_members_are_sent_as_today_and_told_at_any_depth(lamps, server, is_text):
    bulbs = [{"glass": "clear"}, {"glass_type": "opal", "parts": {"a.b": {"title": "Cap"}}}]
    result = lamps.run("makeLamp", {"bulbs": json.dumps(bulbs) if is_text else bulbs})
    assert server.requests[-1].json() == {
        "bulbs": [{"glass": "clear"}, {"glass": "opal", "parts": {"a.b": {"name": "Cap"}}}]
    }
    assert result.warnings == (
        "bulbs.1.glass_type is called glass now.",
        'bulbs.1.parts."a.b".title is called name now.',
    )


def test_an_unknown_action_is_unknown_however_many_were_renamed(lamps):
    with pytest.raises(InputError, match="brewLamp"):
        lamps.run("brewLamp")


def test_forms_and_tools_mark_what_is_deprecated(lamps):
    properties = lamps.connector.form_schema("makeLamp")["properties"]
    assert {key for key, schema in properties.items() if schema.get("deprecated")} == {"colour"}
    assert "Deprecated since 2.0.0" in lamps.connector.tool_spec("lightLamp")["description"]


@pytest.mark.anyio
async def test_the_awaited_client_tells_the_same(lamps, server):
    async with AsyncClient(lamps.connector, lamps.connection, base_url=server.url) as client:
        assert (await client.run("buildLamp", {"powerLevel": 1})).warnings == (
            "buildLamp is called makeLamp now.",
            "powerLevel is called watts now.",
        )


@pytest.mark.parametrize("words", [["--power-level", "5"], ["-i", "powerLevel=5"], ["-i", "power_level=5"]])
def test_the_command_line_takes_an_earlier_name_and_tells_it(lamps, words, capsys):
    folder_words = ["--connector", str(lamps.connector.folder)]
    assert run([*folder_words, "run", "buildLamp", *words, "--sandbox", "--output", "json"]) == 0
    told = json.loads(capsys.readouterr().out)["warnings"]
    assert told[0] == "buildLamp is called makeLamp now."
    assert told[1] in ("powerLevel is called watts now.", "power_level is called watts now.")
    assert run([*folder_words, "run", "makeLamp", "--help"]) == 0
    assert "--power-level" not in capsys.readouterr().out


def test_members_of_an_earlier_name_on_the_command_line_and_in_columns_are_told_too(lamps, tmp_path, capsys):
    folder_words = ["--connector", str(lamps.connector.folder), "run", "makeLamp", "--sandbox", "--output", "json"]
    assert run([*folder_words, "-i", "bulbs.0.glassType=opal"]) == 0
    assert json.loads(capsys.readouterr().out)["warnings"] == ["bulbs.0.glassType is called glass now."]
    rows = tmp_path / "rows.csv"
    rows.write_text("powerLevel,bulbs.0.glassType\n5,opal\n", "utf-8")
    assert run([*folder_words, "-f", str(rows)]) == 0
    [row] = json.loads(capsys.readouterr().out)
    assert row["warnings"] == [
        "powerLevel is called watts now.",
        "bulbs.0.glassType is called glass now.",
    ]
