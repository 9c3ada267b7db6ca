"""The sandbox pages in every style by the definitions, over HTTP, and its lists are read to their end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from support.sandboxes.lamp import LAMP_MANIFEST

from connector import Client, Connection, Connector
from connector.authoring.lint import lint
from connector.sandbox.http_server import serve
from connector.sandbox.sandbox import Sandbox

if TYPE_CHECKING:
    from pathlib import Path

COUNT, SIZE = 5, 2
MANIFEST = (
    LAMP_MANIFEST
    + """\
resources:
  lamps: {list: /lamps, id: id, new_id: integer, seed: [{id: 1}, {id: 2}, {id: 3}, {id: 4}, {id: 5}]}
"""
)
ACTION = """\
action: listLamps
label: List Lamps
summary: List the lamps.
request: %s /lamps%s
pagination:
  items: data.lamps
  %s
returns:
  type: json
  help: The lamps.
  example: {data: {lamps: [%s], "at.next": null}, next: "", last: "false", more: false, count: 1}
"""
STYLES = {
    "cursor": "style: cursor\n  next: next\n  cursor_param: query.after",
    "cursor under a name with a dot": 'style: cursor\n  next: data."at.next"\n  cursor_param: query.page.after',
    "cursor in a header": "style: cursor\n  next: header.X-Next\n  cursor_param: query.after",
    "page_number": "style: page_number\n  cursor_param: query.page",
    "page_number from 0": "style: page_number\n  first: 0\n  cursor_param: query.page\n  total: count",
    "offset": "style: offset\n  cursor_param: query.skip",
    "link_header": "style: link_header",
    "next_url": "style: next_url\n  next: next",
    "next_url in a header": "style: next_url\n  next: header.X-Next",
    "last_item": "style: last_item\n  next: id\n  cursor_param: query.after",
    "last_item plus one": "style: last_item\n  next: id\n  plus: 1\n  cursor_param: query.from",
}
SIGNS = {"none": "", "has_more": "has_more: more", "is_last": "is_last: last", "total": "total: count",
         "header": "total: header.X-Total\n  has_more: header.X-More"}  # fmt: skip


def make_connector(folder: Path, pages: str, method: str = "GET", path: str = "", lamp: str = "{id: 1}") -> Connector:
    (folder / "actions").mkdir()
    (folder / "manifest.yaml").write_text(MANIFEST)
    (folder / "actions/list-lamps.yaml").write_text(ACTION % (method, path, pages, lamp))
    return Connector.open(folder)


def read_over_http(connector: Connector, **options: Any) -> tuple[Any, list[Any]]:
    """Return the merged result, and the items one by one."""
    connection = Connection(connector, "key", apiKey="k")
    with (
        serve(Sandbox(connector).service, "127.0.0.1", 0) as server,
        Client(connector, connection, base_url=server.url) as client,
    ):
        return client.run("listLamps", **options), list(client.items("listLamps", **options))


@pytest.mark.parametrize("sign", SIGNS)
@pytest.mark.parametrize("style", STYLES)
def test_a_list_of_records_is_read_to_its_end(tmp_path: Path, style: str, sign: str) -> None:
    size = "" if style == "cursor in a header" else "\n  size_param: query.size"
    words = [STYLES[style] + size, f"max_size: {SIZE}"]
    if not (sign == "total" and "total" in STYLES[style]):
        words.append(SIGNS[sign].replace("total: header.X-Total\n  ", "") if "total" in STYLES[style] else SIGNS[sign])
    connector = make_connector(tmp_path, "\n  ".join(filter(None, words)))
    result, items = read_over_http(connector)
    ids = [lamp["id"] for lamp in result.data["data"]["lamps"]]
    assert (ids, result.complete, result.warnings) == ([1, 2, 3, 4, 5], True, ())
    assert [item["id"] for item in items] == ids
    assert result.pages >= 3
    assert [problem.message for problem in lint(tmp_path) if problem.rule in ("pagination-complete", "no-effect")] == []


@pytest.mark.parametrize("size", [1, 3])
def test_a_page_size_is_obeyed(tmp_path: Path, size: int) -> None:
    connector = make_connector(tmp_path, f"{STYLES['cursor']}\n  size_param: query.size\n  max_size: 4")
    result, items = read_over_http(connector, page_size=size)
    assert (len(items), result.pages) == (COUNT, -(-COUNT // size))


def test_items_within_entries_are_unwrapped(tmp_path: Path) -> None:
    words = f"item: node\n  {STYLES['cursor']}\n  max_size: {SIZE}\n  size_param: query.size"
    connector = make_connector(tmp_path, words, lamp="{node: {id: 1}, at: x}")
    result, items = read_over_http(connector)
    assert items == [{"id": number} for number in range(1, COUNT + 1)]
    assert result.data["data"]["lamps"][1] == {"node": {"id": 2}, "at": "x"}


def test_a_search_by_post_is_paged_in_its_body(tmp_path: Path) -> None:
    words = "style: cursor\n  next: next\n  cursor_param: body.page.after\n  size_param: body.page.size\n  max_size: 2"
    lamps = "{id: 1}, {id: 2}, {id: 3}"
    connector = make_connector(tmp_path, words, "POST", "/search", lamps)
    result, items = read_over_http(connector)
    assert ([item["id"] for item in items], result.complete, result.pages) == ([1, 2, 3], True, 2)
