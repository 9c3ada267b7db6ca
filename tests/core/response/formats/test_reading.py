"""Bodies that are CSV, JSON lines or XML become data; what is odd is told, and what is something else is refused."""

from __future__ import annotations

import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.core.response.decoding import REPLACED_TEXT, UnreadableBody
from connector.core.response.formats.reading import parse_body, parse_error_body
from connector.core.response.formats.xml_tree import MAX_DEPTH
from connector.core.response.reply import Reply
from connector.sandbox.http.body_formats import encode_body


def reply(body: bytes | str, content_type: str = "", *, has_length: bool = True) -> Reply:
    raw = body.encode() if isinstance(body, str) else body
    headers = [("content-length", str(len(raw)))] if has_length else []
    return Reply(200, (*headers, ("content-type", content_type)), raw)


def read(kind: str, body: bytes | str, content_type: str = "", lists=frozenset()):
    return parse_body(reply(body, content_type), kind, lists)


def test_csv_is_a_mapping_of_texts_for_each_row_below_the_header():
    rows = read("csv", 'Id,Name\r\n001,"Harbour, ""Old"" Lights"\r\n\r\n002,"two\nlines"\r\n').value
    assert rows == [{"Id": "001", "Name": 'Harbour, "Old" Lights'}, {"Id": "002", "Name": "two\nlines"}]


@pytest.mark.parametrize("body", ["", "Id,Name\n", "\ufeffId,Name\r\n"])
def test_csv_without_rows_is_an_empty_list(body):
    assert read("csv", body).value == []


def test_a_cell_is_never_lost_and_what_is_odd_of_rows_is_told():
    rows, warnings = read("csv", "a,a,\n1,2,3\n4\n5,6,7,8\n")
    assert rows == [
        {"a": "1", "a 2": "2", "column 3": "3"},
        {"a": "4", "a 2": None, "column 3": None},
        {"a": "5", "a 2": "6", "column 3": "7", "column 4": "8"},
    ]
    assert [text.split(",")[0] for text in warnings] == [
        "Columns without a name of their own are named by their number: a 2",
        "Rows with fewer cells than the header: 1",
        "Rows with more cells than the header: 1",
    ]


@pytest.mark.parametrize(
    ("body", "cells"),
    [
        ("a 3,a,a\n1,2,3\n", [{"a 3": "1", "a": "2", "a 3 3": "3"}]),
        ("a,column 3\n1,2,3\n", [{"a": "1", "column 3": "2", "column 3 3": "3"}]),
        ("a\n1,2\n3\n4,5\n", [{"a": "1", "column 2": "2"}, {"a": "3"}, {"a": "4", "column 2": "5"}]),
    ],
)
def test_the_name_of_a_cell_without_one_never_takes_the_place_of_another_cell(body, cells):
    assert read("csv", body).value == cells


def test_a_cell_may_be_as_long_as_the_reply():
    assert read("csv", f"a,b\n{'x' * 200_000},2\n").value[0]["b"] == "2"


def test_many_columns_are_named_in_the_time_that_reading_them_takes():
    header = ",".join(f"c{number}" for number in range(100_000))  # by comparing each pair: a minute
    [row] = read("csv", f"{header}\n{header}\n").value
    assert len(row) == 100_000


def test_short_rows_do_not_become_a_table_of_nulls_that_fills_the_memory():
    with pytest.raises(UnreadableBody, match=r"more than 1,000,000 cells are missing"):
        read("csv", f"{','.join(f'c{number}' for number in range(5_000))}\n{'1' * 3}\n" + "1\n" * 5_000)


def test_tabs_separate_the_cells_of_a_reply_that_says_so():
    assert read("csv", "a\tb\n1\t2,3\n", "text/tab-separated-values").value == [{"a": "1", "b": "2,3"}]


@pytest.mark.parametrize(
    ("charset", "encoding"), [("windows-1252", "cp1252"), ("Shift_JIS", "shift_jis"), ("utf-16le", "utf-16-le")]
)
@pytest.mark.parametrize("kind", ["csv", "ndjson", "xml"])
def test_the_charset_is_obeyed_in_each_format(kind, charset, encoding):
    word = "灯台" if encoding != "cp1252" else "café"
    body, content_type = encode_body(kind, {"csv": [{"w": word}], "ndjson": [{"w": word}], "xml": {"w": word}}[kind])
    label = f"{content_type.partition(';')[0]}; charset={charset}"
    assert word in str(read(kind, body.decode().encode(encoding), label).value)


def test_bytes_that_are_no_text_are_replaced_and_told():
    assert read("csv", b"a\n\xff\n") == ([{"a": "\ufffd"}], (REPLACED_TEXT,))


def test_broken_quotes_are_an_error_with_the_line():
    with pytest.raises(UnreadableBody, match="the reply is not CSV: line 2: "):
        read("csv", 'a,b\n1,"2"x\n')


@pytest.mark.parametrize(
    ("kind", "body"), [("csv", 'a,b\n1,"2'), ("ndjson", '{"a": 1}\n{"a": '), ("xml", "<a><b>1</b>")]
)
def test_a_body_that_ends_too_early_is_cut_where_nothing_says_its_length(kind, body):
    for has_length in (True, False):
        with pytest.raises(UnreadableBody) as caught:
            parse_body(reply(body, has_length=has_length), kind)
        assert caught.value.is_cut is not has_length


def test_each_line_of_json_lines_is_a_value():
    assert read("ndjson", '{"a": 1}\n\n[2]\r\n"three"\n').value == [{"a": 1}, [2], "three"]
    with pytest.raises(UnreadableBody, match="line 2: "):
        read("ndjson", '{"a": 1}\nno\n')


ORDER = """<?xml version="1.0"?><!-- made by hand --><o:Order xmlns:o="urn:o" o:id="7" state="">
 <o:Line no="1">Tea<![CDATA[ & <milk>]]></o:Line><o:Line no="2"/><Note> as is </Note><Empty></Empty>
 loose <b/>words</o:Order>"""


def test_xml_is_mappings_lists_and_texts_by_the_documented_rules():
    assert read("xml", ORDER).value == {
        "Order": {
            "@id": "7",
            "@state": "",
            "Line": [{"@no": "1", "#text": "Tea & <milk>"}, {"@no": "2"}],
            "Note": " as is ",
            "Empty": "",
            "b": "",
            "#text": "loose words",
        }
    }


def test_attributes_that_differ_in_their_prefix_alone_are_a_list_as_elements_are():
    body = '<r xmlns:a="urn:a" xmlns:b="urn:b" a:x="1" b:x="2"><a:y>1</a:y><b:y>2</b:y></r>'
    assert read("xml", body).value == {"r": {"@x": ["1", "2"], "y": ["1", "2"]}}


def test_a_place_that_is_a_list_is_one_even_with_one_element():
    lists = frozenset({("r", "item"), ("r", "item", "tag")})
    body = "<r><item><tag>a</tag></item></r>"
    assert read("xml", body).value == {"r": {"item": {"tag": "a"}}}
    assert read("xml", body, lists=lists).value == {"r": {"item": [{"tag": ["a"]}]}}
    assert read("xml", "<r><item/></r>", lists=lists).value == {"r": {"item": [{"tag": []}]}}
    assert read("xml", "<r> </r>", lists=lists).value == {"r": {"item": []}}
    assert read("xml", "<error>no</error>", lists=lists).value == {"error": "no"}


def test_a_document_says_its_own_encoding_where_the_reply_says_none():
    body = '<?xml version="1.0" encoding="ISO-8859-1"?><w>café</w>'.encode("latin-1")
    assert read("xml", body).value == {"w": "café"}
    assert read("xml", body.decode("latin-1").encode(), "application/xml; charset=utf-8").value == {"w": "café"}


BOMB = (
    '<!DOCTYPE a [<!ENTITY a0 "ha">'
    + "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 9))
    + "]><a>&a8;</a>"
)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (BOMB, "declares entities"),
        ('<!DOCTYPE a [<!ENTITY f SYSTEM "file:///etc/passwd">]><a>&f;</a>', "declares entities"),
        ('<!DOCTYPE a [<!ATTLIST a b CDATA "c">]><a/>', "declares entities"),
        ('<!DOCTYPE a SYSTEM "http://127.0.0.1:9/a.dtd"><a>&f;</a>', "entity 'f'"),
        ("<a>&f;</a>", "undefined entity"),
        ("<a>" * (MAX_DEPTH + 1) + "</a>" * (MAX_DEPTH + 1), f"more than {MAX_DEPTH} deep"),
        ("<a/><b/>", "junk after document element"),
        ("plain", "syntax error"),
    ],
)
def test_xml_with_entities_bottomless_nesting_or_mistakes_is_refused(body, reason):
    peaks = []
    for _ in range(3):  # what a thread of another test takes meanwhile is counted too, but not each time
        tracemalloc.start()
        with pytest.raises(UnreadableBody, match="the reply is not XML: ") as caught:
            read("xml", body)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert reason in str(caught.value)
    assert min(peaks) < 1_000_000


def test_an_error_may_be_xml_and_is_read_by_the_same_paths():
    body = "<?xml version='1.0'?><Error><Code>NoSuchKey</Code></Error>"
    assert parse_error_body(reply(body)).value == {"Error": {"Code": "NoSuchKey"}}
    assert parse_error_body(reply(body[21:], "application/xml")).value == {"Error": {"Code": "NoSuchKey"}}


NAMES = st.text("abcde", min_size=1, max_size=4)
TEXTS = st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "S"]), max_size=8)


@given(st.lists(st.fixed_dictionaries({"a": TEXTS, "b": TEXTS.filter(bool)}), min_size=1))
def test_rows_survive_being_written_and_read(rows):
    for kind in ("csv", "ndjson"):
        body, label = encode_body(kind, rows)
        assert read(kind, body, label) == (rows, ())


TREES = st.recursive(
    TEXTS,
    lambda inner: st.dictionaries(NAMES, inner | st.lists(inner, min_size=2, max_size=3), min_size=1),
    max_leaves=12,
)


@given(st.dictionaries(NAMES, TREES, min_size=1, max_size=1))
def test_elements_survive_being_written_and_read(tree):
    body, label = encode_body("xml", tree)
    assert read("xml", body, label).value == tree
