"""Values of a kind of their own, as programs have them: members of enumerations, and uploads that open again."""

from __future__ import annotations

import io
from enum import IntEnum, StrEnum

import pytest

from connector.core.inputs import coerce
from connector.core.invalid_value import InvalidValue


class Level(IntEnum):
    LOW = 1


class Colour(StrEnum):
    RED = "red"
    CUT = "re\0d"


class Upload:
    """A file that is opened anew for each attempt."""

    def open_again(self) -> io.BytesIO:
        return io.BytesIO(b"lamp")


def test_a_member_of_an_enumeration_of_whole_numbers_is_its_number() -> None:
    whole = coerce.to_integer(Level.LOW)
    assert (whole, type(whole)) == (1, int)
    assert coerce.to_number(Level.LOW) == 1
    assert coerce.to_scalar(Level.LOW) == 1


def test_a_member_of_an_enumeration_of_texts_is_its_text_and_checked_as_one() -> None:
    assert coerce.to_text(Colour.RED) == "red"
    with pytest.raises(InvalidValue, match="without NUL"):
        coerce.to_text(Colour.CUT)


@pytest.mark.parametrize("value", [0, -3, 1 << 60])
def test_a_whole_number_stays_what_it_is_where_a_number_is_asked_for(value: int) -> None:
    number = coerce.to_number(value)
    assert (number, type(number)) == (value, int)


def test_an_upload_that_opens_again_is_a_file_also_with_a_name_and_in_a_pair() -> None:
    upload = Upload()
    assert coerce.to_file(upload) is upload
    named = coerce.to_file(("lamp.png", upload))
    assert (named.name, named.data) == ("lamp.png", upload)
    assert coerce.to_pairs([{"key": "lamp", "value": upload}]) == [("lamp", upload)]
