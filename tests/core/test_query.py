"""Expressions are told wrong before they are used, with the place; and what does not fit the data is told in words."""

from __future__ import annotations

import pytest

from connector.core.invalid_value import InvalidValue
from connector.core.query import DataQuery, UnfitQuery


def test_an_expression_selects():
    assert DataQuery("users[?type == `2`].id").select({"users": [{"id": 1, "type": 2}, {"id": 2, "type": 1}]}) == [1]


@pytest.mark.parametrize(
    ("expression", "fix"),
    [
        ("a[b", "position 3: 'b'"),
        ("a[", "ends too early"),
        ("", "write one such as"),
        ("frobnicate(a)", "there is no function frobnicate()"),
        ("length(a, b)", "length() takes 1, not 2 arguments"),
        ("not_null()", "not_null() takes at least 1, not 0 arguments"),
        ("[" * 5_000, ""),
    ],
)
def test_a_wrong_expression_is_told_with_its_fix(expression, fix):
    with pytest.raises(InvalidValue) as told:
        DataQuery(expression)
    assert fix in told.value.fix


@pytest.mark.parametrize(
    ("expression", "data", "told"),
    [
        ("length(@)", 3, "accepts string or array or object, not number"),
        ("sort_by(@, &a)", [{"a": 1}, {"a": "x"}], "sort_by"),
        ("max_by(@, &a)", [{"a": 1}, {"a": None}], "max_by"),
    ],
)
def test_data_that_do_not_fit_are_told(expression, data, told):
    with pytest.raises(UnfitQuery, match=told.replace("(", r"\(")):
        DataQuery(expression).select(data)
