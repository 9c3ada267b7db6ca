"""How many values a JSON text holds, whatever its strings hold, in time linear in its length."""

from __future__ import annotations

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.pace import WIDE

from connector.core.response.value_count import has_more_values

SCALARS = st.none() | st.integers() | st.text(alphabet='a,[]{}":\\\n', max_size=8)
TREES = st.recursive(
    SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=3), inner), max_leaves=30
)


def count_values(tree):
    if isinstance(tree, dict | list):
        return 1 + sum(map(count_values, tree.values() if isinstance(tree, dict) else tree))
    return 1


def count_empty(tree):
    """Count the containers without a value, whose opening sign begins a value that does not come."""
    if isinstance(tree, dict | list):
        return (not tree) + sum(map(count_empty, tree.values() if isinstance(tree, dict) else tree))
    return 0


@given(TREES, st.booleans())
def test_values_are_counted_and_strings_are_not_looked_into(tree, ascii_only):
    text = json.dumps(tree, ensure_ascii=ascii_only).encode()
    count = count_values(tree) + count_empty(tree)
    assert not has_more_values(text, count)
    assert has_more_values(text, count - 1) or len(text) <= count


@pytest.mark.parametrize(
    ("text", "more"),
    [
        (b"[" + b"{}," * 1_000_000 + b"{}]", True),
        (b"[" + b"1," * 2_000_000 + b"1]", True),
        (b'{"a":' * 2_000_000, True),
        (b'["' + b"a, [b] {c} " * 1_000_000 + b'"]', False),
        (b'["' + rb"\"," * 2_000_000 + b'"]', False),
        (b'["' + rb"\"," * 2_000_000, False),
        (b'["' + b"\\" * 4_000_001, False),
        (b'"' * 4_000_000 + b"," * 499_999, False),
    ],
)
def test_any_text_takes_little_time(text, more):
    begun = time.process_time()
    assert has_more_values(text, 500_000) is more
    assert time.process_time() - begun < WIDE
