"""JSON is read by msgspec where it is installed, with the same data or the same error as by the other parser."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.core.response import decoding, fast_json
from connector.core.response.decoding import decode_json

pytest.importorskip("msgspec", reason="the extra `fast` is not installed")


@pytest.fixture(autouse=True, scope="module")
def _from_the_first_text():
    """Let it parse every text, the first ones of the process and those after a refused one too."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fast_json, "WAITING_BYTES", 0)
        patch.setattr(decoding, "_fast_json", fast_json.FastJsonParser())
        yield


def read(text, *, parser):
    """Return what is read, its types visible, or the error; by msgspec first, or by the other parser alone."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fast_json, "load_msgspec", lambda: parser)
        try:
            return repr(decode_json(text))
        except ValueError as error:
            return f"{type(error).__name__}: {error}"


def check_same(text):
    assert read(text, parser=fast_json.load_msgspec()) == read(text, parser=None)


def is_parsed(text):
    """Whether msgspec reads this text, so that the other parser does not."""
    return fast_json.FastJsonParser().parse(text) is not None


NUMBERS = [
    "0", "-0", "-0.0", "1.0", "1e5", "1E+5", "1e-400", "0e999", "1e308", "1.7976931348623157e308", "1e309", "1e400", "-1e400",
    "9223372036854775807", "9223372036854775808", "-9223372036854775809", "18446744073709551616", "1" * 30, "1" * 400,
    "1" * 5000, "9" * 309 + ".0", "0.1234567890123456789012345678901234567890", "5e-324", "2.2250738585072011e-308",
    "01", "1.", ".5", "1e", "+1", "-", "NaN", "Infinity", "-Infinity", "0x10", "1_000",
]  # fmt: skip


@pytest.mark.parametrize("number", NUMBERS)
def test_a_number_is_read_the_same_or_refused_the_same(number):
    check_same(f'{{"a": [{number}], "b": {number}}}'.encode())


@pytest.mark.parametrize(
    "text",
    [
        b'"\\ud800"', b'"\\udc00x"', b'"\\ud83d\\ude00"', b'"\\ud83d\\u0041"', b'"\xff"', b'"\xed\xa0\x80"', b'"\xc0\x80"', b'"\xf4\x90\x80\x80"',
        b'"\\u0000"', b'"\x00"', b'"\x01"', b'"\t"', b'"\x7f"', b'"\\x"', b'"\\/"', b'"\\u12"', b'"\xe2\x80\xa8"', b"'a'", b'"',
        b'"2020-01-01T00:00:00Z"', b'"9f3c1d1e-5b1f-4a2c-8e57-0d3f7a1b2c3d"', b'"12"', b'"' + b"x" * 5_000_000 + b'"',
    ],
)  # fmt: skip
def test_a_text_is_read_the_same_as_a_value_and_as_a_name(text):
    check_same(b"[" + text + b"]")
    check_same(b"{" + text + b": 1}")


@pytest.mark.parametrize(
    "text",
    [
        b'{"a": 1, "b": 2, "a": 3}', b'{"a": {"x": 1}, "a": {"y": 2}}', b"\xef\xbb\xbf[1]", b"", b"null", b"true", b"tru", b"[1,]", b'{"a": 1,}',
        b'{"a" 1}', b"{1: 2}", b"{null: 2}", b"[1] [2]", b"[1] x", b"[1]\x00", b"\x0c[1]", b"\xa0[1]", b"[1] // x", b"[1", b'{"a":', b'{"a": "b',
        b"]", b"[}", b"[1 2]",
    ],
)  # fmt: skip
def test_a_document_is_read_the_same_or_refused_the_same(text):
    check_same(text)
    check_same(text)


@pytest.mark.parametrize("depth", [1, 5, 6, 7, 8, 199, 200, 201, 202, 900, 1_025, 100_000])
@pytest.mark.parametrize(("opening", "closing"), [(b"[", b"]"), (b'{"a":', b"}"), (b'[{"a":', b"}]")])
def test_deep_data_is_read_or_refused_the_same_however_deep(depth, opening, closing):
    check_same(opening * depth + b"1" + closing * depth)
    check_same(opening * depth)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(categories=None)),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(JSON, st.booleans())
def test_what_any_program_writes_is_read_the_same(data, escapes):
    check_same(json.dumps(data, ensure_ascii=escapes).encode("utf-8", "surrogatepass"))


@given(JSON, st.data())
def test_what_is_broken_anywhere_is_read_or_refused_the_same(data, drawn):
    text = bytearray(json.dumps(data).encode())
    place = drawn.draw(st.integers(0, len(text)))
    text[place : place + drawn.draw(st.integers(0, 2))] = drawn.draw(st.binary(max_size=3))
    check_same(bytes(text))


def test_usual_data_is_not_parsed_twice():
    page = {"users": [{"id": number, "plan": {"name": "a", "limits": [1.5, None]}} for number in range(2_000)]}
    assert is_parsed(json.dumps(page).encode())
    assert is_parsed(json.dumps(page["users"][0]).encode())
    assert not is_parsed(b"[1e400]")


def test_data_is_parsed_to_a_depth_and_no_deeper():
    depth = fast_json.MAX_DEPTH
    assert is_parsed(b"[" * depth + b"]" * depth)
    assert not is_parsed(b"[" * (depth + 1) + b"]" * (depth + 1))


def test_where_msgspec_is_not_installed_texts_are_read_all_the_same(monkeypatch):
    monkeypatch.setitem(sys.modules, "msgspec.json", None)
    monkeypatch.setattr(fast_json, "load_msgspec", fast_json.load_msgspec.__wrapped__)
    assert fast_json.load_msgspec() is None
    assert decode_json(b"[1]") == ([1], ())


def test_texts_of_a_kind_that_is_refused_are_seldom_parsed_twice(monkeypatch):
    monkeypatch.setattr(fast_json, "WAITING_BYTES", 1_000)
    refused = []
    real = fast_json.load_msgspec()
    monkeypatch.setattr(fast_json, "load_msgspec", lambda: lambda text: refused.append(text) or real(text))
    parser, text = fast_json.FastJsonParser(), b"[" * 50 + b"]" * 50
    assert [parser.parse(text) for _ in range(44)] == [None] * 44
    assert len(refused) == 4, "one of eleven: ten have the bytes of its wait"


def test_a_process_that_reads_little_does_not_load_msgspec():
    program = """
import sys
from connector.core.response.decoding import decode_json
for number in range(1, 1_000):
    decode_json(b"[1]" + b" " * 9_997)
    if "msgspec" in sys.modules:
        break
print(number)
"""
    ran = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert int(ran.stdout) == 101, "after a million bytes"
