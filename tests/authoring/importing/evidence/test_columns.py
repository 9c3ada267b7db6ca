"""An imported list shows what a person wants first, where its items have that."""

from __future__ import annotations

from typing import Any

import pytest

from connector.authoring.importing.evidence.columns import choose_columns
from connector.authoring.importing.pagination import infer_pagination
from tests.support.pages.api_descriptions import read_operation

TEXT, NUMBER, FLAG = {"type": "string"}, {"type": "integer"}, {"type": "boolean"}


def choose(properties: dict[str, Any], example: Any = None, **paging: str) -> list[str]:
    item = {"type": "object", "properties": properties}
    operation = read_operation({"type": "object", "properties": {"books": {"type": "array", "items": item}}})
    inferred = infer_pagination(operation)
    assert inferred is not None
    return choose_columns(operation, {**inferred.words, **paging}, example)


@pytest.mark.parametrize(
    ("properties", "columns"),
    [
        pytest.param(
            {"url": TEXT, "created_at": TEXT, "state": TEXT, "html_url": TEXT, "title": TEXT, "id": NUMBER, "x": TEXT},
            ["id", "title", "state", "created_at", "html_url"],
            id="in this order, whatever that of the schema",
        ),
        pytest.param({"Id": TEXT, "displayName": TEXT, "isbn": TEXT}, ["Id", "displayName"], id="in any spelling"),
        pytest.param({"gid": TEXT, "name": TEXT, "completed": FLAG}, ["gid", "name", "completed"], id="other words"),
        pytest.param({"id": TEXT, "name": {"type": ["string", "null"]}}, ["id", "name"], id="that may be absent"),
        pytest.param({"id": TEXT, "title": TEXT, "name": {"type": "object"}}, ["id", "title"], id="plain fields alone"),
        pytest.param(
            {"metadata": {"type": "object", "properties": {"uid": TEXT, "name": TEXT}}, "kind": TEXT},
            ["metadata.uid", "metadata.name"],
            id="what its metadata have",
        ),
        pytest.param({"id": TEXT, "created_at": TEXT, "isbn": TEXT}, [], id="none where nothing names an item"),
        pytest.param({"name": TEXT, "isbn": TEXT}, [], id="none where a name is all"),
    ],
)
def test_columns_are_what_an_item_has_of_id_name_state_time_and_link(properties, columns):
    assert choose(properties) == columns


def test_columns_are_fields_that_the_example_has():
    properties = {"id": TEXT, "name": TEXT, "status": TEXT}
    assert choose(properties, {"books": [{"id": "1"}, {"id": "2", "name": "B"}]}) == ["id", "name"]
    assert choose(properties, {"books": []}) == []


def test_columns_are_those_of_what_an_item_wraps():
    properties = {"id": TEXT, "node": {"type": "object", "properties": {"key": TEXT, "title": TEXT}}}
    assert choose(properties, item="node") == ["key", "title"]
