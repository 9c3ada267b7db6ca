"""YAML is read as JSON: what is text stays text, and what cannot be meant is refused at its line and column."""

from __future__ import annotations

import json
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.definition.parsers import strict_yaml
from connector.errors import DefinitionError

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=25,
)


def read(text: str | bytes):
    return strict_yaml.read(text if isinstance(text, bytes) else text.encode(), "a.yaml").data


def refusal(text: str | bytes) -> tuple[int, int, str, str]:
    with pytest.raises(DefinitionError) as caught:
        read(text)
    (finding,) = caught.value.findings
    assert finding.file == "a.yaml"
    return finding.line, finding.column, finding.rule, finding.message


@given(JSON)
def test_what_json_writes_is_read_back_equal(value) -> None:
    back = read(json.dumps(value))
    assert back == value
    assert json.dumps(back) == json.dumps(value)


@given(JSON, st.sampled_from([None, 1, "\t"]))
def test_what_json_writes_without_escapes_and_over_lines_is_read_back_equal(value, indent) -> None:
    assert read(json.dumps(value, ensure_ascii=False, indent=indent)) == value


@pytest.mark.parametrize("value", ["\U0001f600", ["\\\U0001f600", "\\ud83d\\ude00"], {"\U00010000": "a\u2028b\x85c"}])
def test_what_lies_beyond_the_sixteen_bits_of_a_json_escape_is_read(value) -> None:
    assert read(json.dumps(value)) == value
    assert read(json.dumps({"a": [value]}, indent=4)) == {"a": [value]}


def test_half_a_pair_is_refused_and_so_are_escapes_of_json_in_other_yaml() -> None:
    assert refusal('a: "\\ud83d"')[2] == "yaml"
    assert refusal('["\\ud83d"]')[2] == "yaml"
    assert refusal('a: "\\ud83d\\ude00"')[2] == "yaml"


def test_json_that_yaml_cannot_read_has_places_and_limits_too() -> None:
    text = '{\n\t"a": [1, "\\ud83d\\ude00"],\n\t"%s": {"b": null}}' % ("k" * 2000)
    document = strict_yaml.read(text.encode(), "a.json")
    assert document.data == {"a": [1, "\U0001f600"], "k" * 2000: {"b": None}}
    assert document.find_position(("a",), key=True) == (2, 2)
    assert document.find_position(("a", 1)) == (2, 11)
    assert document.find_position(("k" * 2000, "b")) == (3, 2012)
    assert refusal('{\n\t"a": 1,\n\t"a": 2}')[:3] == (3, 2, "key-twice")
    assert refusal("\t" + "[" * 50 + "]" * 50)[:3] == (1, 42, "too-deep")
    assert refusal('{"\\ud83d\\ude00": NaN}')[2] == "yaml"


@pytest.mark.parametrize("char", ["\x85", "\u2028", "\u2029"])
def test_a_character_that_yaml_takes_for_a_line_end_is_refused(char: str) -> None:
    line, column, rule, message = refusal(f'a: 1\nb: "x{char}y"\n')
    assert (line, column, rule) == (2, 6, "line-end")
    assert f"\\u{ord(char):04x}" in message


@pytest.mark.parametrize(
    "text",
    ["NO", "no", "on", "off", "yes", "y", "~", "Null", "TRUE", "True", "012345", "+1", "0x1F", "0o17", "1_000", "12:30",
     "1:30", ".5", "5.", ".inf", "-.inf", ".nan", "NaN", "2021-12-15", "2021-12-15T12:02:00Z", "1e999", "-01", "='"],
)  # fmt: skip
def test_a_plain_word_stays_the_text_that_is_written(text: str) -> None:
    assert read(f"a: {text}") == {"a": text}


@pytest.mark.parametrize(
    ("text", "value"),
    [("null", None), ("true", True), ("false", False), ("", None), ("0", 0), ("-7", -7), ("1.5", 1.5), ("1e3", 1000.0),
     ("576460752303423488", 576460752303423488), ('"7"', "7"), ("'true'", "true"), ("! 7", "7")],
)  # fmt: skip
def test_what_json_calls_null_true_false_and_a_number_is_that(text: str, value) -> None:
    found = read(f"a: {text}")["a"]
    assert (found, type(found)) == (value, type(value))


def test_every_key_is_text() -> None:
    assert read("1: a\nNO: b\nnull: c\ntrue: d\n1.5: e\n") == {
        "1": "a",
        "NO": "b",
        "null": "c",
        "true": "d",
        "1.5": "e",
    }


@pytest.mark.parametrize(
    ("text", "line", "column", "hint"),
    [
        ("a:\n\tb: 1\n", 2, 1, "spaces, not tabs"),
        ("a: 1\n  b: 2\n", 2, 4, ""),
        ("a: [1, 2\nb: 3\n", 2, 2, ""),
        ('a: "open\n', 2, 1, ""),
        ("a: @x\n", 1, 4, "quotes"),
        ("a: `x`\n", 1, 4, "quotes"),
        ("a: %x\n", 1, 4, "quotes"),
        ("key: a: b\n", 1, 7, "quotes"),
    ],
)
def test_a_slip_is_told_at_its_place_with_a_caret(text: str, line: int, column: int, hint: str) -> None:
    at, col, rule, message = refusal(text)
    assert (at, col, rule) == (line, column, "yaml")
    assert hint in message
    assert message.splitlines()[-1].strip() == "^"


@pytest.mark.parametrize(
    ("text", "place", "rule", "sentence"),
    [
        ("a: 1\nb: 2\na: 3\n", (3, 1), "key-twice", "line 1"),
        ("a:\n  b: {x: 1, y: 2, x: 3}\n", (2, 19), "key-twice", "line 2"),
        ("a: !!python/object:os.system x\n", (1, 4), "no-tags", "python/object"),
        ("a: !own x\n", (1, 4), "no-tags", "!own"),
        ("a: !!int 7\n", (1, 4), "no-tags", "int"),
        ("base: &b {x: 1}\na:\n  <<: *b\n", (3, 3), "no-merge", "merge"),
        ("a: *b\n", (1, 4), "alias", "no anchor before it"),
        ("a: &b [*b]\n", (1, 8), "alias", "no anchor before it"),
        ("&k a: 1\n", (1, 1), "no-anchor", "anchor"),
        ("? [a, b]\n: 1\n", (1, 3), "text-keys", "must be a text"),
        ("a: 1\n---\nb: 2\n", (3, 1), "one-document", "second"),
        ("[" * 1000, (1, 41), "too-deep", "40 levels"),
        ("a: 1\n" + "b" * (1 << 20), (1, 1), "too-large", "at most"),
        ("a: x".encode("utf-16"), (1, 1), "utf-8", "UTF-16"),
        ("ä: 1\nb: \xe9\n".encode("latin-1"), (1, 1), "utf-8", "0xe4"),
        ("ok: 1\nb: ä".encode()[:-1], (2, 4), "utf-8", "0xc3"),
        (b"a: x\0y\n", (1, 5), "yaml", "control characters"),
    ],
)
def test_what_cannot_be_meant_is_refused_at_its_place(text, place, rule: str, sentence: str) -> None:
    line, column, actual_rule, message = refusal(text)
    assert (line, column, actual_rule) == (*place, rule)
    assert sentence in message


def test_an_integer_of_five_thousand_digits_is_text_and_no_crash() -> None:
    assert read("a: " + "9" * 5000) == {"a": "9" * 5000}


def test_a_byte_order_mark_and_windows_line_ends_do_not_matter() -> None:
    assert read(b"\xef\xbb\xbfa: 1\r\nb: x\r\n") == {"a": 1, "b": "x"}


@pytest.mark.parametrize("many", [9, 30])
def test_aliases_that_multiply_are_refused_before_they_are_built(many: int) -> None:
    """Counted in values, not in time: each level repeats the one below nine times."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, many)]
    tracemalloc.start()
    line, _, rule, message = refusal("\n".join(lines))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (rule, line) == ("too-large", 5), "ten, a hundred, a thousand, ten thousand fit; the next nine times do not"
    assert "50,000" in message
    assert peak < 5 << 20


def test_more_values_than_a_file_holds_are_refused() -> None:
    _, _, rule, _ = refusal("[" + "1," * strict_yaml.MAX_NODES + "1]")
    assert rule == "too-large"


def test_an_alias_that_does_not_multiply_is_read() -> None:
    assert read("a: &x [1, 2]\nb: *x\n") == {"a": [1, 2], "b": [1, 2]}


def test_every_node_has_its_place() -> None:
    document = strict_yaml.read(b"a:\n  b: [1,\n     {c: x}]\nd: |\n  text\n", "a.yaml")
    assert document.find_position(("a",)) == (2, 3)
    assert document.find_position(("a",), key=True) == (1, 1)
    assert document.find_position(("a", "b", 0)) == (2, 7)
    assert document.find_position(("a", "b", 1, "c")) == (3, 10)
    assert document.find_position(("a", "b", 1, "c"), key=True) == (3, 7)
    assert document.find_position(("d",)) == (4, 4)
    assert document.find_position(("a", "b", 7, "z")) == (2, 6), "the nearest thing around what is not there"


def test_several_documents_are_read_where_they_are_asked_for() -> None:
    documents = strict_yaml.read_all(b"a: 1\n---\n- 2\n---\n", "calls.yaml")
    assert [one.data for one in documents] == [{"a": 1}, [2], None]
    assert strict_yaml.read(b"", "empty.yaml").data is None
