"""Merging fields into records."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from connector.sandbox.data.collection import deep_merge

DATA = st.recursive(
    st.integers(), lambda inner: st.dictionaries(st.sampled_from("abc"), inner, max_size=3), max_leaves=8
)


OBJECTS = st.dictionaries(st.sampled_from("abc"), DATA, max_size=3)


@given(under=OBJECTS, over=OBJECTS)
def test_what_is_laid_over_is_all_there(under: dict[str, Any], over: dict[str, Any]) -> None:
    before = json.dumps(under)
    result = deep_merge(under, over)
    assert deep_merge(result, over) == result
    assert result.keys() == under.keys() | over.keys()
    assert json.dumps(under) == before
