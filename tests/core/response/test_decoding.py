"""Bodies are decoded by their charset, JSON whatever its label says; what is replaced is told."""

from __future__ import annotations

import json
import math
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.pace import WIDE

from connector.core.response.decoding import (
    REPLACED_NUMBER,
    REPLACED_TEXT,
    UnreadableBody,
    decode_text,
    is_web_page,
    parse_json,
)
from connector.core.response.reply import Reply


def reply(raw, content_type="application/json"):
    headers = (("content-length", str(len(raw))), *((("content-type", content_type),) if content_type else ()))
    return Reply(200, headers, raw)


@pytest.mark.parametrize(
    ("charset", "encoding"),
    [
        ("utf-8", "utf-8"), ("UTF8", "utf-8"), ("ISO-8859-1", "latin-1"), ("latin1", "latin-1"), ("iso-8859-15", "iso8859-15"),
        ("windows-1252", "cp1252"), ("windows-1251", "cp1251"), ("koi8-r", "koi8-r"), ("Shift_JIS", "shift_jis"), ("EUC-KR", "euc-kr"),
        ("gbk", "gbk"), ("GB18030", "gb18030"), ("big5", "big5"), ("utf-16le", "utf-16-le"), ("utf-16", "utf-16"), ("utf-32be", "utf-32-be"),
        ("iso-2022-jp", "iso2022_jp"),
    ],
)  # fmt: skip
def test_the_charset_is_obeyed_in_json_and_in_text(charset, encoding):
    word = {"koi8-r": "маяк", "cp1251": "маяк", "shift_jis": "灯台", "iso2022_jp": "灯台", "gbk": "灯塔", "gb18030": "灯塔", "big5": "燈塔", "euc-kr": "등대"}.get(encoding, "café")  # fmt: skip
    for label in (
        f"application/json; charset={charset}",
        f'text/plain;charset="{charset}"',
        f"text/x; a=b; CHARSET={charset}",
    ):
        assert parse_json(reply(json.dumps({"a": word}, ensure_ascii=False).encode(encoding), label)) == (
            {"a": word},
            (),
        )
        assert decode_text(reply(word.encode(encoding), label)) == (word, ())


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
def test_a_byte_order_mark_goes_before_the_charset(encoding):
    raw = '{"a": "café"}'.encode(encoding)
    assert parse_json(reply(raw, "application/json; charset=iso-8859-1")) == ({"a": "café"}, ())
    assert decode_text(reply(raw)).value == '{"a": "café"}'


@pytest.mark.parametrize(
    "charset", ["no-such", "zip", "hex", "base64", "idna", "punycode", "unicode_escape", "undefined", "rot13", "utf-7"]
)
def test_what_is_no_charset_is_utf_8(charset):
    raw = '{"a": "café"}'.encode()
    assert parse_json(reply(raw, f"application/json; charset={charset}")) == ({"a": "café"}, ())
    assert decode_text(reply(b"caf\xc3\xa9", f"text/plain; charset={charset}")) == ("café", ())


def test_a_wrong_charset_falls_back_to_utf_8_and_what_is_invalid_is_replaced_and_told():
    assert decode_text(reply("café".encode(), "text/plain; charset=us-ascii")) == ("café", ())
    assert decode_text(reply(b"caf\xe9 au lait", "text/plain")) == ("caf\ufffd au lait", (REPLACED_TEXT,))
    assert parse_json(reply(b'{"a": "caf\xe9"}')) == ({"a": "caf\ufffd"}, (REPLACED_TEXT,))
    assert parse_json(reply(b'{"a": "\xed\xa0\xbd"}')).warnings == (REPLACED_TEXT,)


@pytest.mark.parametrize(
    ("escaped", "value"),
    [
        (r"\ud83d", "\ufffd"), (r"\uD83D", "\ufffd"), (r"\ude00", "\ufffd"), (r"x\ud83dy", "x\ufffdy"), (r"\ud83d\ud83d\ude00", "\ufffd😀"),
        (r"\ud83dA", "\ufffdA"), (r"\ude00\ud83d", "\ufffd\ufffd"), (r"\\ud83d\ud83d", "\\ud83d\ufffd"), (r"\\\ud83d", "\\\ufffd"),
        (r"\"\ud83d\"", '"\ufffd"'), (r"\ud83d\\ude00", "\ufffd\\ude00"),
    ],
)  # fmt: skip
def test_half_of_a_surrogate_pair_is_replaced_and_told(escaped, value):
    raw = b'{"topic": "' + escaped.encode() + b'", "n": [1, "' + escaped.encode() + b'"]}'
    assert parse_json(reply(raw)) == ({"topic": value, "n": [1, value]}, (REPLACED_TEXT,))
    json.dumps(parse_json(reply(raw)).value).encode()


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_valid_json_is_read_as_it_is(data):
    for raw in (json.dumps(data).encode(), json.dumps(data, ensure_ascii=False).encode()):
        assert parse_json(reply(raw)) == (data, ())


@given(st.text(st.characters(categories=None)))
def test_any_text_of_json_is_read_with_what_is_invalid_replaced(text):
    expected = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    assert parse_json(reply(json.dumps([text]).encode())).value == [expected]


@pytest.mark.parametrize("number", ["1e400", "-1e400", "1E+400", "9e999999", "1" * 400 + ".0", "0.1e5000"])
def test_a_number_that_no_float_holds_is_null_and_told(number):
    raw = f'{{"big": {number}, "x": [1.5, {number}], "id": "1e400", "fine": 1e300, "small": 1e-400}}'.encode()
    data, warnings = parse_json(reply(raw))
    assert data == {"big": None, "x": [1.5, None], "id": "1e400", "fine": 1e300, "small": 0.0}
    assert warnings == (REPLACED_NUMBER,)


@pytest.mark.parametrize("place", range(40))
def test_a_number_of_too_many_digits_is_found_wherever_it_begins(place):
    number = "9" * 309  # the fewest digits that no float holds
    assert parse_json(reply(f"{' ' * place}[1, {number}.0, {number}]".encode())) == (
        [1, None, int(number)],
        (REPLACED_NUMBER,),
    )


def test_numbers_that_fit_are_exact_and_not_spoken_of():
    raw = b'{"id": 92674392836123456789, "e": 1e300, "u": "a1e400-4e123b", "zero": 0e999, "d": 1.7976931348623157e308}'
    data, warnings = parse_json(reply(raw))
    assert data == {
        "id": 92674392836123456789,
        "e": 1e300,
        "u": "a1e400-4e123b",
        "zero": 0.0,
        "d": 1.7976931348623157e308,
    }
    assert warnings == ()
    assert all(math.isfinite(value) for value in data.values() if isinstance(value, float))


@pytest.mark.parametrize(
    "label",
    [None, "text/plain", "application/octet-stream", "application/vnd.api+json", "text/javascript", "text/html"],
)
def test_json_is_read_whatever_its_label(label):
    assert parse_json(reply(b' {"a": 1}', label)).value == {"a": 1}
    assert not is_web_page(reply(b' {"a": 1}', label))
    assert not is_web_page(reply(b"[1]", label))


@pytest.mark.parametrize("raw", [b"<html>", b"  <!doctype html>", b"Sign in", b'"text"', b"5", b""])
def test_a_web_page_is_never_json(raw):
    assert is_web_page(reply(raw, "text/html; charset=utf-8"))
    assert is_web_page(reply(raw, "application/xhtml+xml"))


@pytest.mark.parametrize(
    "raw", [b"", b"{}{}", b"{} x", b"1 2", b"NaN", b"[NaN]", b"<html>", b"\xff", b"{\\ud83d}", b'"\\ud83d']
)
def test_what_is_no_json_is_told(raw):
    with pytest.raises(UnreadableBody):
        parse_json(reply(raw))


def test_repairing_takes_time_in_proportion():
    for raw in (
        b'["' + rb"\ud83d" * 200_000 + b'"]',
        b'["' + b"\\\\" * 500_000 + rb'\ud83d"]',
        b'["' + b"1" * 1_000_000 + b'\xff"]',
    ):
        started = time.process_time()
        parse_json(reply(raw))
        assert time.process_time() - started < WIDE
