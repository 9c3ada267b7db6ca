"""Rows of CSV, JSON lines and YAML: line numbers, located errors, flat memory."""

from __future__ import annotations

import csv
import io
import json
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.core.bulk.columns import ColumnMapping
from connector.core.bulk.row_formats import detect_format
from connector.errors import DefinitionError, InputError, UsageError
from connector.runtime.bulk import row_reader
from connector.runtime.bulk.row_reader import RowReader

HEADER = "email,firstName,lastName,userType\n"
ADA = {"email": "ada@example.com", "firstName": "Ada", "lastName": "Lovelace", "userType": "1"}


@pytest.fixture
def rows(zoom):
    """Read rows of createUser from a text or bytes."""

    def read(content, form="csv", mapped=None, fixed=None):
        raw = content.encode() if isinstance(content, str) else content
        columns = ColumnMapping(zoom.action("createUser"), mapped or {}, fixed or {}, zoom.choices)
        return list(RowReader("rows", io.BytesIO(raw), form, columns).read_rows())

    return read


@pytest.mark.parametrize("between", [",", ";", "\t"])
@pytest.mark.parametrize("begin", ["", "\ufeff"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\r\r\n"])
def test_csv_is_utf_8_parted_by_commas_semicolons_or_tabs(rows, between, begin, end):
    text = begin + end.join([between.join(ADA), between.join(ADA.values()), ""])
    (row,) = rows(text)
    assert (row.number, row.line, row.given, row.error) == (1, 3 if end == "\r\r\n" else 2, ADA, None)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
@pytest.mark.parametrize("begin", ["", "sep=;\r\n", '"sep=;"\r\n'])
def test_csv_is_read_as_excel_saves_it(rows, encoding, begin):
    ada = {**ADA, "lastName": "Lövelace, née Byron €"}
    text = begin + ";".join(ada) + "\r\n" + ";".join(ada.values()) + "\r\n"
    (row,) = rows(text.encode(encoding))
    assert (row.line, row.given, row.error) == (3 if begin else 2, ada, None)


def test_rows_of_a_pipe_are_utf_8(zoom):
    class Pipe(io.BytesIO):
        def seekable(self):
            return False

    file = Pipe((HEADER + "a@b.c,\u00e9,B,1\n").encode("cp1252"))
    with pytest.raises(InputError, match="byte 7 of the line is not UTF-8"):
        list(RowReader("rows", file, "csv", ColumnMapping(zoom.action("createUser"), {}, {}, zoom.choices)).read_rows())


def test_quotes_hold_delimiters_quotes_and_line_ends_and_lines_still_count(rows):
    text = HEADER + 'a@b.c,"Ada, ""the"" first","Love\nlace",1\n\nb@b.c,B,B,1\n'
    first, second = rows(text)
    assert first.given["firstName"] == 'Ada, "the" first'
    assert first.given["lastName"] == "Love\nlace"
    assert [(row.number, row.line) for row in (first, second)] == [(1, 2), (2, 5)]


def test_a_quoted_semicolon_in_a_name_is_no_delimiter(rows):
    text = '"a;b;c;d;e;f",email,firstName,lastName,userType\nx,a@b.c,A,B,1\n'
    (row,) = rows(text, mapped={"a;b;c;d;e;f": ""})
    assert row.given == {"email": "a@b.c", "firstName": "A", "lastName": "B", "userType": "1"}


def test_a_line_too_short_or_too_long_is_told_and_the_others_are_read(rows):
    found = rows(HEADER + "a@b.c,A,B\na@b.c,A,B,1,9\na@b.c,A,B,1\n")
    assert [row.error is None for row in found] == [False, False, True]
    assert "3 cells" in str(found[0].error)
    assert "5 cells" in str(found[1].error)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "line 1: got nothing; expected a header line"),
        (HEADER.encode() + b"a@b.c,A,B,1\na@b.c,\x81,B,1\n", "line 3: got byte 7 of the line is not UTF-8"),
        (b"\xff\xfe" + HEADER.encode("utf-16-le") + b"\x00\xd8", "line 2: got what is not UTF-16"),
        ((HEADER + 'a@b.c,A,B,1\na@b.c,"A,B,1\n').encode(), "line 3: got unexpected end of data"),
        ((HEADER + 'a@b.c,"A"x,B,1\n').encode(), "line 2: got "),
        ((HEADER + "a@b.c,A\rB,C,1\n").encode(), "line 2: got "),
    ],
)
def test_a_file_that_cannot_be_read_on_is_told_with_its_line(rows, content, said):
    with pytest.raises(InputError) as raised:
        rows(content)
    assert said in str(raised.value)
    assert "line" not in str(raised.value).splitlines()[0], "each problem has a line of its own"


@pytest.mark.parametrize(("line", "text"), [(1, HEADER.strip() + ",{}\n"), (3, HEADER + "a@b.c,A,B,1\na@b.c,{},B,1\n")])
def test_a_cell_beyond_the_limit_is_told_with_the_limit_and_not_as_a_mistake_of_quoting(rows, line, text):
    with pytest.raises(
        InputError, match=f"line {line}: got a longer cell; expected at most 131,072 characters"
    ) as raised:
        rows(text.format("x" * 131_073))
    assert "double quotes" not in str(raised.value)


@pytest.mark.parametrize(
    ("form", "text"),
    [("csv", HEADER), ("csv", HEADER + "\n"), ("jsonl", ""), ("jsonl", "\n"), ("yaml", ""), ("yaml", "[]")],
)
def test_a_file_without_rows_is_told(rows, form, text):
    with pytest.raises(InputError, match="rows has no rows"):
        rows(text, form)


def test_a_line_without_an_end_is_no_reason_to_fill_the_memory(rows, monkeypatch):
    monkeypatch.setattr(row_reader, "MAX_LINE_BYTES", 100)
    with pytest.raises(InputError, match="line 2: got a line without an end"):
        rows(HEADER + "x" * 101)


def test_json_lines_keep_their_types_and_each_bad_line_is_told(rows):
    good = {"email": "a", "userType": 1, "displayName": None, "zoomPhone": True}
    lines = [
        json.dumps(good),
        "",
        "[1]",
        "{",
        '{"email": NaN}',
        '{"email": "a", "email": "b"}',
        '"text"',
        "[" * 100_000,
    ]
    first, *bad = rows("\n".join(lines), "jsonl")
    assert (first.line, dict(first.given)) == (1, good)
    assert [(row.number, row.line) for row in bad] == [(2, 3), (3, 4), (4, 5), (5, 6), (6, 7), (7, 8)]
    assert all(row.error is not None and not row.given for row in bad)


def test_yaml_is_a_list_or_documents_and_knows_its_lines(rows):
    text = "- email: a\n  userType: 1\n\n- {email: b}\n- just text\n---\nemail: c\n---\n"
    found = rows(text, "yaml")
    assert [(row.number, row.line) for row in found] == [(1, 1), (2, 4), (3, 5), (4, 7)]
    assert [dict(row.given) for row in found] == [{"email": "a", "userType": 1}, {"email": "b"}, {}, {"email": "c"}]
    assert "a mapping" in str(found[2].error)
    with pytest.raises(DefinitionError, match="rows:2"):
        rows("- email: a\n  email: b\n", "yaml")


@pytest.mark.parametrize(
    ("name", "asked", "form"),
    [("a.csv", None, "csv"), ("A.TSV", None, "csv"), ("a.ndjson", None, "jsonl"), ("a.yml", None, "yaml"),
     ("a.json", None, "yaml"), ("a.txt", "csv", "csv"), ("a.csv", "jsonl", "jsonl")],
)  # fmt: skip
def test_the_form_is_told_by_the_name_or_asked_for(name, asked, form):
    assert detect_format(name, asked) == form


@pytest.mark.parametrize("name", ["rows", "rows.txt", "", "a.csv.gz"])
def test_a_name_that_tells_no_form_is_asked_about(name):
    with pytest.raises(UsageError, match=r"--rows-format csv\|jsonl\|yaml"):
        detect_format(name, None)


@pytest.mark.parametrize("name", ["People.XLS", "people.ods", "people.numbers"])
def test_a_spreadsheet_of_another_kind_is_to_be_saved_as_one_that_is_read(name):
    with pytest.raises(UsageError, match=r"Save it as \.xlsx or as CSV"):
        detect_format(name, None)


cells = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)


@given(st.lists(st.lists(cells, min_size=4, max_size=4), max_size=8), st.sampled_from(",;\t"))
def test_what_the_csv_module_writes_is_read_as_it_was(zoom, table, between):
    file = io.StringIO(newline="")
    writer = csv.writer(file, delimiter=between)
    writer.writerows([list(ADA), *table])
    columns = ColumnMapping(zoom.action("createUser"), {}, {}, zoom.choices)
    source = RowReader("rows", io.BytesIO(file.getvalue().encode()), "csv", columns)
    found = list(source.read_rows()) if table else []
    wanted = [{key: cell for key, cell in zip(ADA, line, strict=True) if cell} for line in table]
    assert [row.given for row in found] == wanted


@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_many_rows_take_no_more_memory_than_few(zoom, tmp_path, form):
    line = ",".join(ADA.values()) if form == "csv" else json.dumps(ADA)
    path = tmp_path / "rows"
    path.write_text((HEADER if form == "csv" else "") + f"{line}\n" * 10_000, encoding="utf-8")
    with path.open("rb") as file:
        source = RowReader("rows", file, form, ColumnMapping(zoom.action("createUser"), {}, {}, zoom.choices))
        tracemalloc.start()
        count = sum(1 for _ in source.read_rows())
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert count == 10_000
    assert peak < 1 << 20
