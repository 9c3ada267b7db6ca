"""A reply is taken for what its action says only if it is that: errors stay errors, web pages are none of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from support.servers import Counting, reply

from connector import Client, Connection, Connector, errors

if TYPE_CHECKING:
    from pathlib import Path

MANIFEST = """\
format: 1
version: 1.0.0
connector: reports
label: Reports
summary: Reports in many formats.
base_url: https://api.reports.example
allowed_hosts: [api.reports.example]
connections:
  key: {label: Key, kind: bearer, inputs: {secret: {label: Token, help: Token., type: password}}}
errors: {failed: [error, Error, {ok: [false]}], code: [error.code, Error.Code], message: [error.message, Error.Message]}
pagination: {style: cursor, next: header.X-Next, cursor_param: query.after}
"""
ACTION = "action: {key}\nlabel: {key}\nsummary: A report.\nrequest: GET /{key}\n{more}returns: {{type: {type}, example: {example}}}\n"


@pytest.fixture
def connector(tmp_path: Path) -> Connector:
    (tmp_path / "actions").mkdir()
    (tmp_path / "manifest.yaml").write_text(MANIFEST)
    pages = "pagination: {items: .}\n"
    for key, kind, example, more in (
        ("rows", "csv", "[{a: '1'}]", ""), ("lines", "ndjson", "[{a: 1}]", ""),
        ("tree", "xml", "{list: {item: [{a: '1'}]}}", ""), ("pages", "csv", "[{a: '1'}]", pages),
        ("keys", "xml", "{list: {item: [{a: '1'}]}}", "pagination: {items: list.item, style: none}\n"),
    ):  # fmt: skip
        text = ACTION.format(key=key, type=kind, example=example, more=more)
        (tmp_path / "actions" / f"{key}.yaml").write_text(text)
    return Connector.open(tmp_path)


def run(connector: Connector, action: str, *behaviours: Any) -> Any:
    with (
        Counting().then(*behaviours) as server,
        Client(connector, Connection(connector, "key", secret="t"), base_url=server.url) as client,
    ):
        return client.run(action)


def text(body: str, label: str, *headers: tuple[str, str], status: int = 200) -> Any:
    return reply(status, body=body.encode(), headers=(("Content-Type", label), *headers))


def test_rows_are_a_listing_without_another_word(connector: Connector) -> None:
    with Counting(text("a,b\n1,2\n3,4\n", "text/csv")) as server:
        client = Client(connector, Connection(connector, "key", secret="t"), base_url=server.url)
        with client, client.items("rows", limit=1) as items:
            assert list(items) == [{"a": "1", "b": "2"}]
    assert run(connector, "lines", text('{"a": 1}\n', "application/x-ndjson")).data == [{"a": 1}]


def test_pages_of_csv_are_merged_and_end_with_the_text_null_in_the_header(connector: Connector) -> None:
    pages = (text("a\n1\n", "text/csv", ("X-Next", "p2")), text("a\n2\n", "text/csv", ("X-Next", "null")))
    result = run(connector, "pages", *pages)
    assert (result.data, result.pages, result.complete, result.warnings) == ([{"a": "1"}, {"a": "2"}], 2, True, ())


def test_one_element_of_a_listing_in_xml_is_one_item(connector: Connector) -> None:
    assert run(connector, "keys", text("<list><item><a>1</a></item></list>", "text/xml")).data == {
        "list": {"item": [{"a": "1"}]}
    }


@pytest.mark.parametrize("action", ["rows", "lines", "tree"])
@pytest.mark.parametrize("label", ["application/json", "text/csv", "text/plain"])
def test_an_error_in_json_within_200_is_an_error_in_every_format(connector: Connector, action: str, label: str) -> None:
    with pytest.raises(errors.Rejected, match="no such report") as caught:
        run(connector, action, text('{"error": {"code": "gone", "message": "no such report"}}', label))
    assert caught.value.code == "gone"


def test_an_error_in_xml_is_read_by_its_paths_whatever_its_status(connector: Connector) -> None:
    body = "<Error><Code>NoSuchKey</Code><Message>No such key.</Message></Error>"
    for status, action in ((200, "tree"), (404, "rows")):
        with pytest.raises(errors.ApiError, match=r"No such key\.") as caught:
            run(connector, action, text(body, "application/xml", status=status))
        assert (caught.value.code, caught.value.status) == ("NoSuchKey", status)


@pytest.mark.parametrize("action", ["rows", "lines", "tree"])
@pytest.mark.parametrize("label", ["text/html", "text/csv", "application/xml"])
def test_a_web_page_is_never_taken_for_data(connector: Connector, action: str, label: str) -> None:
    with pytest.raises(errors.ServiceDown, match=r"unexpected content type|a web page"):
        run(connector, action, text("<!DOCTYPE html>\n<html><body>Sign in, please</body></html>", label))


def test_json_in_the_place_of_csv_that_is_no_error_is_told_as_what_it_is(connector: Connector) -> None:
    with pytest.raises(errors.ServiceDown, match="the reply is JSON where CSV was expected"):
        run(connector, "rows", text('{"status": "pending"}', "application/json"))


def test_no_content_is_no_rows(connector: Connector) -> None:
    for status in (200, 204):
        assert run(connector, "rows", text("", "text/csv", status=status)).data == []


def test_a_reply_of_too_many_cells_is_refused_before_it_takes_the_memory(connector: Connector) -> None:
    with pytest.raises(errors.TransportError, match="holds more than 2,621,440 cells"):
        run(connector, "rows", text("a,b\n" + ",\n" * 1_400_000, "text/csv"))
