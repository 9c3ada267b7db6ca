"""Stored dataclasses are validated as pydantic does, without loading it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest
from pydantic import TypeAdapter
from pydantic_core import ValidationError

from connector.runtime.files.stored_data import build_validator


@dataclass(frozen=True, slots=True)
class Part:
    name: str
    at: float = 0.0


@dataclass
class Whole:
    """What has every kind of field."""

    id: str | int
    part: Part | None = None
    parts: dict[str, Part] = field(default_factory=dict)
    names: tuple[str, ...] = ()
    is_old: bool = False
    rest: Any = None


@pytest.mark.parametrize(
    "text",
    [
        b'{"id":1}', b'{"id":"a","part":{"name":"b","at":1},"names":["c"]}', b'{"id":1,"parts":{"d":{"name":"e"}}}',
        b'{"id":1,"rest":{"a":[1,null]},"is_old":true,"part":null}', b"{}", b"[]", b'{"id":[]}', b'{"id":1,"names":5}',
        b'{"id":1,"parts":{"d":{"at":"x"}}}', b'{"id":1,"is_old":"maybe"}', b"{",
    ],
)  # fmt: skip
def test_what_pydantic_makes_of_it_is_made_of_it(text):
    def read(validate: Any) -> Any:
        try:
            return validate(text)
        except ValidationError as error:
            return [(one["loc"], one["msg"]) for one in error.errors(include_url=False)]

    assert read(build_validator(Whole, strict=False).validate_json) == read(TypeAdapter(Whole).validate_json)


def test_a_strict_one_refuses_what_is_no_field_at_any_depth():
    for data in ({"id": 1, "other": 2}, {"id": 1, "part": {"name": "a", "other": 2}}):
        assert build_validator(Whole, strict=False).validate_python(data).id == 1
        with pytest.raises(ValidationError, match="other"):
            build_validator(Whole, strict=True).validate_python(data)


def test_a_field_may_be_stored_under_another_name():
    assert build_validator(Part, {"name": "called"}, strict=True).validate_python({"called": "a"}) == Part("a")
