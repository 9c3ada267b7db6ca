"""Choices of an input: from its definition, from a listing, and those that a search finds."""

from __future__ import annotations

from connector.core.inputs.choices import Choice, extract_choices, list_defined_choices, search_choices
from connector.definition.fields import FormField
from connector.definition.inputs.choices_from import ChoicesFrom

SOURCE = ChoicesFrom(action="listThings", items="things", value="id", label="name")
FIELD = FormField(label="L", help="H.", type="integer")


def test_defined_choices_have_values_of_the_inputs_type(zoom):
    field = zoom.action("createMeeting").inputs["meetingType"]
    assert Choice(2, "Scheduled") in list_defined_choices(zoom, field)
    assert Choice("Europe/Paris", "Paris") in list_defined_choices(
        zoom, zoom.action("createMeeting").inputs["timezone"]
    )


def test_items_that_have_no_value_are_no_choices():
    items = [{"id": 1, "name": "One"}, {"id": "2"}, {"id": None}, {"id": ""}, {"id": [3]}, {"id": "x"}, "text"]
    assert extract_choices(FIELD, SOURCE, {"things": items}) == [Choice(1, "One"), Choice(2, "2")]
    assert extract_choices(FIELD, SOURCE, {"things": None}) == []


def test_a_search_finds_values_and_labels_once_each():
    choices = [Choice(1, "Harbour"), Choice(2, "Pier"), Choice(1, "Harbour again"), Choice(11, "Quay")]
    assert search_choices(choices, " HARB ") == [Choice(1, "Harbour")]
    assert search_choices(choices, "1") == [Choice(1, "Harbour"), Choice(11, "Quay")]
    assert search_choices(choices, None) == [Choice(1, "Harbour"), Choice(2, "Pier"), Choice(11, "Quay")]
