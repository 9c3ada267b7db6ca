"""What a person sees of a connector's actions: short pages, examples first, no word broken, lists that can be searched."""

from __future__ import annotations

import re

import pytest

from connector.cli.catalogue import action_list, action_page
from connector.cli.terminal.screen import Screen
from connector.definition.forms import input_rows
from connector.definition.forms.action_heads import ActionHeads

EVERY = ["createMeeting", "listMeetings", "updateUser", "rawRequest", "deleteUser"]


@pytest.fixture
def view(zoom):
    def open_view(name):
        return action_page.ActionView(zoom, zoom.action(name), ())

    return open_view


def words_of(text):
    return [word for line in text.splitlines() for word in line.split() if word not in ("\\", "#")]


def test_an_action_of_39_inputs_is_short_and_its_example_comes_first(view):
    page = action_page.format_short(view("createMeeting"), Screen(80))
    assert len(page.splitlines()) < 150
    assert page.index("connector run createMeeting") < page.index("Inputs")
    assert page.index("Inputs") < page.index("connector show createMeeting --all")


@pytest.mark.parametrize("name", EVERY)
def test_each_input_has_its_flag_its_type_and_its_help_in_the_file_s_order(view, name):
    action = view(name).action
    page = action_page.format_short(view(name), Screen(1000))
    lines = page[page.index("\nInputs\n") : page.index("\nMore\n")].splitlines()[2:]
    shown = [line for line in lines if line]
    fields = [field for field in action.inputs.values() if not field.hidden]
    assert len(shown) == len(fields)
    for line, field in zip(shown, fields, strict=True):
        assert re.match(r"  (--|-i )", line)
        assert f" {field.type} " in line
        assert field.help in line
        assert ("(required)" in line) is field.required
        assert ("(default: " in line) is field.has_default


@pytest.mark.parametrize("name", EVERY)
@pytest.mark.parametrize("width", range(40, 201, 7))
def test_no_word_of_an_action_is_broken_at_any_width(view, zoom, name, width):
    action = zoom.action(name)
    rows = input_rows.build_doc_rows(zoom, action)
    for build in (
        lambda screen: action_page.format_short(view(name), screen),
        lambda screen: action_page.format_inputs(rows, screen),
    ):
        text = build(Screen(width))
        assert words_of(text) == words_of(build(Screen(1000)))
        too_long = [line for line in text.splitlines() if len(line) > width and len(line.split()) > 3]
        assert not [line for line in too_long if "'" not in line and '"' not in line]


def test_the_whole_page_has_every_input_with_its_notes_every_example_and_the_payload(view, zoom):
    action = zoom.action("createMeeting")
    rows = input_rows.build_doc_rows(zoom, action)
    page = action_page.format_whole(view("createMeeting"), rows, Screen(1000))
    for row in rows:
        assert f"  {row.key} {row.type}" in page
        assert row.notes in page
    for title in action.examples:
        assert f"# {title}\n" in page
    assert '"join_url"' in page


def test_a_secret_is_never_shown_as_a_flag(view):
    page = action_page.format_short(view("createUser"), Screen(100))
    assert "-i password=? password" in page
    assert "--password" not in page


def test_a_list_can_be_searched_by_words_of_name_summary_and_path(here):
    def names(*words):
        return [one["action"] for one in here("list", *words, "--output", "json").data["actions"]]

    assert names("webinar", "register") == ["addWebinarRegistrant", "listWebinarRegistrants"]
    assert names("PHONE") == ["getPhoneRecordings"]
    assert "createMeeting" in names("/users/{userId}/meetings")
    assert "createMeeting" in here("list", "meeting").out
    nothing = here("list", "nothing-like-it")
    assert (nothing.code, nothing.out.strip()) == (0, "")
    assert "No action or trigger has 'nothing-like-it'" in nothing.err
    assert "Did you mean" not in nothing.err


@pytest.mark.parametrize(
    ("words", "meant"), [(["meetng"], "meeting"), (["user", "Recrdings"], "recordings"), (["create", "usr"], "user")]
)
def test_a_list_suggests_the_word_that_a_misspelt_one_may_mean(here, words, meant):
    done = here("list", *words)
    assert (done.code, done.out.strip()) == (0, "")
    assert done.err.strip().endswith(f"Did you mean '{meant}'?")


@pytest.mark.parametrize("width", range(40, 201, 20))
def test_a_list_for_a_person_is_wrapped_at_words_and_says_how_to_go_on(zoom, width):
    heads = zoom.derive(ActionHeads.read).heads
    groups = action_list.group_entries(heads, zoom.manifest.triggers)
    page = action_list.format_page(groups, Screen(width), "how to go on")
    assert words_of(page) == words_of(action_list.format_page(groups, Screen(1000), "how to go on"))
    assert max(map(len, page.splitlines())) <= width
    assert page.endswith("how to go on")
    assert words_of(page)[:-4] == words_of(action_list.format_plain(groups))
