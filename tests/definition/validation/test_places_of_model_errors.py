"""What a model alone rejects is told at the line of what is written, whatever steps its location has besides."""

from __future__ import annotations

import pytest

from connector.definition.parsers.strict_yaml import read
from connector.definition.validation.schema_validation import validate_document
from connector.definition.validation.strict_model import StrictModel


class Lamp(StrictModel):
    name: str

    def check_words(self) -> None:
        if self.name == "dark":
            raise ValueError("a lamp is not dark")


class Shelf(StrictModel):
    lamps: list[Lamp] = []
    lamp: Lamp | int = 0


class House(StrictModel):
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
