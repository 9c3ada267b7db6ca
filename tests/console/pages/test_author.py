"""The author's view: mistakes with their lines, the files read again as they change, and the sandbox's state."""

from __future__ import annotations

import re
import threading
from concurrent.futures import wait
from urllib.parse import unquote

import pytest
from support.pages.browsing.consoles import Visitor, make_desk

from connector.authoring.lint import lint
from connector.console import workshop
from connector.console.pages import author
from connector.console.visit import Visit

CANARY = "c4n4ry-sb"
MANIFEST = """\
connector: shop
version: 1.0.0
label: Shop
summary: A shop.
docs: https://example.com/docs
base_url: https://api.example.com
allowed_hosts: [api.example.com]
"""
ACTION = """\
action: getOrder
label: Get Order
summary: Get an order.
docs: https://example.com/docs/orders
request: GET /orders
inputs: {}
returns:
  example: {id: 1}
"""


@pytest.fixture
def shop(tmp_path):
    """A small connector."""
    folder = tmp_path / "shop"
    (folder / "actions").mkdir(parents=True)
    (folder / "manifest.yaml").write_text(MANIFEST)
    (folder / "actions" / "get-order.yaml").write_text(ACTION)
    return folder


def test_a_mistake_is_shown_with_its_lines(visit, shop):
    visitor = visit(shop)
    path = shop / "actions" / "get-order.yaml"
    path.write_text(ACTION.replace("inputs: {}", "inputz: {}"))
    seen = visitor.get("/author")
    assert "get-order.yaml:6:1 unknown-word" in seen.text
    assert "> 6 inputz: {}" in seen.text
    assert "5 request: GET /orders" in seen.text


def test_files_that_change_are_read_again_and_broken_ones_change_nothing(visit, shop):
    visitor = visit(shop)
    path, manifest = shop / "actions" / "get-order.yaml", shop / "manifest.yaml"
    path.write_text(ACTION.replace("Get an order.", "Get a parcel."))
    assert "The files have changed, and were read again." in visitor.get("/author").text
    assert "Get a parcel." in visitor.get("/actions").text
    assert "have changed" not in visitor.get("/author").text
    manifest.write_text(MANIFEST.replace("label: Shop", "labl: Shop"))
    seen = visitor.get("/author")
    assert "cannot be read: the pages show them as they were before" in seen.text
    assert "unknown-word" in seen.text
    assert "Get a parcel." in visitor.get("/actions").text


def test_the_page_is_told_that_a_file_changed(shop):
    desk = make_desk(shop)
    desk.wait_for_end = lambda _: False
    seen = desk.workshop.read_state()
    news = iter(author.stream_changes(desk, Visit(query={"seen": [seen]})).events)
    assert next(news) == ""
    (shop / "actions" / "get-order.yaml").unlink()
    assert next(news) == desk.workshop.read_state() != seen
    desk.close()


def test_a_large_folder_shows_how_far_lint_is_and_then_what_it_found(shop, monkeypatch):
    monkeypatch.setattr(workshop, "MIN_FILES", 1)
    monkeypatch.setattr(workshop, "_MAX_WAIT_SECONDS", 0.0)
    go_on, is_read = threading.Event(), threading.Event()

    def check(folder, report):
        report("read", 2, 3_000)
        is_read.set()
        assert go_on.wait(10)
        return lint(folder)

    monkeypatch.setattr(workshop, "find_findings", check)
    visitor = Visitor(make_desk(shop))
    visitor.get("/author")
    assert is_read.wait(10)
    seen = visitor.get("/author")
    assert "Lint is at work: 2 of 3,000 files read." in seen.text
    assert "No problems found" not in seen.text
    visitor.desk.wait_for_end = lambda _: False
    shown = unquote(re.search(r"seen=([^\"]*)", seen.html)[1])
    news = iter(author.stream_changes(visitor.desk, Visit(query={"seen": [shown]})).events)
    assert next(news) == ""
    go_on.set()
    wait([visitor.desk.workshop.check().findings], 10)
    assert next(news) == visitor.desk.workshop.read_state()
    assert "of advice." in visitor.get("/author").text
    visitor.close()


def test_a_check_of_files_that_have_changed_since_ends(shop, monkeypatch):
    monkeypatch.setattr(workshop, "MIN_FILES", 1)
    monkeypatch.setattr(workshop, "_MAX_WAIT_SECONDS", 0.0)
    is_changed = threading.Event()

    def check(folder, report):
        assert is_changed.wait(10)
        report("read", 1, 2)
        return []

    monkeypatch.setattr(workshop, "find_findings", check)
    place = workshop.Workshop(shop)
    first = place.check()
    (shop / "actions" / "get-order.yaml").write_text("action: getOrders\n")
    second = place.check()
    is_changed.set()
    assert second.findings.result(10) == []
    assert first.findings.exception(10) is not None


def test_a_page_that_waits_for_lint_as_the_console_ends_is_answered_at_once(shop, monkeypatch):
    monkeypatch.setattr(workshop, "MIN_FILES", 1)
    place = workshop.Workshop(shop)
    looks = []

    def check(folder, report):
        place.close()
        monkeypatch.setattr(place, "read_state", lambda: looks.append(1) or "a state")
        report("read", 1, 2)

    monkeypatch.setattr(workshop, "find_findings", check)
    with pytest.raises(RuntimeError, match="shutdown"):
        place.check()
    assert len(looks) == 1


def test_the_bundled_connector_has_no_problems(visitor):
    assert "No problems found." in visitor.get("/author").text


def test_the_state_of_the_sandbox_is_shown_without_secrets_and_reset_after_a_yes(visitor):
    visitor.post("/actions/createMeeting/run", {"in.userId": "me", "in.topic": "Standup", "in.password": CANARY})
    seen = visitor.get("/author")
    assert "meetings (1)" in seen.text
    assert "Standup" in seen.text
    assert CANARY not in seen.html
    assert visitor.post("/author/sandbox/reset").status == 422
    seen = visitor.post("/author/sandbox/reset", {"confirmed": "yes"})
    assert "The sandbox is as it was at first." in seen.text
    assert "Standup" not in seen.text


def test_a_console_that_only_reads_resets_nothing(visit):
    visitor = visit(read_only=True)
    assert "Reset" not in visitor.get("/author").text
    assert visitor.post("/author/sandbox/reset", {"confirmed": "yes"}).status == 403


def test_a_console_of_the_service_has_no_sandbox_to_reset(visit):
    visitor = visit(sandbox=False)
    assert "The sandbox" not in visitor.get("/author").text
    assert visitor.post("/author/sandbox/reset", {"confirmed": "yes"}).status == 422
