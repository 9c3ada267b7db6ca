"""What a model alone rejects is told at the line of what is written, whatever steps its location has besides."""

from __future__ import annotations

import pytest
from pydantic import BaseModel, field_validator

from connector.definition.parsers.strict_yaml import read
from connector.definition.validation.schema_validation import validate_document


class Lamp(BaseModel):
    name: str

    @field_validator("name")
    @classmethod
    def _refuse_dark(cls, name: str) -> str:
        if name == "dark":
            raise ValueError("a lamp is not dark")
        return name


class Shelf(BaseModel):
    lamps: list[Lamp] = []
    lamp: Lamp | int = 0


class House(BaseModel):
    shelf: Shelf
    rooms: dict[str, Lamp] = {}


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("shelf:\n  lamps:\n    - name: bright\n    - name: dark\n", 4),
        ("shelf:\n  lamp:\n    name: dark\n", 3),  # its location names the model of the union too
        ("shelf: {}\nrooms:\n  hall:\n    name: dark\n", 4),
    ],
)
def test_it_is_told_at_its_line(text, line):
    (finding,) = validate_document(read(text.encode(), "house.yaml"), House)
    assert (finding.line, finding.message) == (line, "a lamp is not dark.")
