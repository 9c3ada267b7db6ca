"""Generated ids are unique and reproducible."""

from __future__ import annotations

import pytest

from connector.sandbox.data import ids


@pytest.mark.parametrize("kind", ["text", "integer", "uuid"])
def test_new_ids_are_all_different_and_the_same_each_time(kind: str) -> None:
    made = [ids.generate_id(kind, "things", count) for count in range(1, 5_000)]
    assert len(set(made)) == len(made)
    assert made == [ids.generate_id(kind, "things", count) for count in range(1, 5_000)]
    for one in made:
        assert len(str(one)) == {"text": 22, "integer": 11, "uuid": 36}[kind]
        assert str(one).replace("-", "").isalnum()
