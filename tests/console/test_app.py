"""The application finds pages, shows errors as sentences, and refuses what a console that only reads must not do."""

from __future__ import annotations

import pytest
from support.pages.browsing.consoles import ORIGIN

from connector.console import app
from connector.console.pages import PAGES
from connector.console.route import PageRoute
from connector.console.visit import Attachment, EventStream, View
from connector.errors import UsageError


def test_an_address_without_a_page_is_told_so(visitor):
    seen = visitor.get("/nowhere")
    assert seen.status == 404
    assert "There is no such page." in seen.text


def test_every_page_of_the_navigation_opens(visitor):
    for path in [entry.path for entry in PAGES]:
        seen = visitor.get(path)
        assert seen.status == 200
        assert f'<a href="{path}" aria-current="page">' in seen.html


def test_every_page_says_whose_console_it_is(visitor):
    visitor.post("/connections", {"kind": "serverToServer", "name": "work"})
    for path in ("/", "/connections/work", "/actions/createMeeting", "/nowhere"):
        assert "<strong>Zoom</strong>" in visitor.get(path).html


@pytest.fixture
def page(monkeypatch, visit):
    """Open a console that has one more page, which a function answers."""

    def open_page(handle):
        routes = [*app.list_routes(), PageRoute("GET", "/more", handle)]
        monkeypatch.setattr(app, "list_routes", lambda: routes)
        return visit().get("/more")

    return open_page


def test_a_page_may_send_events_as_they_come(page):
    seen = page(lambda _desk, _visit: EventStream(["two\nlines", "one"]))
    assert seen.headers["content-type"].startswith("text/event-stream")
    assert seen.html == "data: two\ndata: lines\n\ndata: one\n\n"


def test_a_page_that_fails_says_so_without_what_the_error_says(page):
    seen = page(lambda _desk, _visit: {}["c4n4ry"])
    assert seen.status == 502
    assert "Internal error in connector: KeyError" in seen.text
    assert "c4n4ry" not in seen.html


def test_an_error_is_told_with_what_to_do(page):
    def fail(_desk, _visit):
        raise UsageError("It cannot be.", hint="Do another thing.")

    assert "It cannot be. Do another thing." in page(fail).text


def test_a_file_is_kept_under_its_name(page):
    seen = page(lambda _desk, _visit: Attachment("a.json", b"{}", "application/json"))
    assert seen.headers["content-disposition"] == 'attachment; filename="a.json"'
    assert seen.html == "{}"


@pytest.mark.parametrize(
    ("name", "header"),
    [
        ('a"; x="b.json', 'attachment; filename="a-; x=-b.json"'),
        ("a\r\nset-cookie: x=1.json", 'attachment; filename="aset-cookie- x=1.json"'),
        ("../../a.json", 'attachment; filename="a.json"'),
        ("Münster.json", "attachment; filename=\"M_nster.json\"; filename*=UTF-8''M%C3%BCnster.json"),
        ("", 'attachment; filename="download"'),
    ],
)
def test_no_name_of_a_file_gets_out_of_its_header(page, name, header):
    seen = page(lambda _desk, _visit: Attachment(name, b"{}", "application/json"))
    assert seen.headers["content-disposition"] == header
    assert "set-cookie" not in seen.headers


def test_what_no_page_can_write_is_shown_as_a_mark(page):
    assert (
        "a?b" in page(lambda _desk, _visit: View("error", "a\ud800b", {"message": "", "hint": "", "problems": ()})).html
    )


def test_a_page_that_cannot_be_drawn_says_so(page):
    seen = page(lambda _desk, _visit: View("error", "Lost", {}))
    assert seen.status == 502
    assert "Internal error in connector" in seen.text


@pytest.mark.parametrize("path", ["/actions/nope", "/connections/nope", "/runs/nope", "/results/nope/data.json"])
def test_what_an_address_names_and_is_not_there_is_missing(visitor, path):
    assert visitor.get(path).status == 404


def test_a_form_of_many_megabytes_is_read_and_one_of_too_many_fields_is_told(visitor):
    text = "y" * 3_000_000
    seen = visitor.post("/actions/createMeeting/dry-run", {"in.userId": "me", "in.agenda": text}, {"x": ("a", b"")})
    assert "nothing was sent" in seen.text
    seen = visitor.post("/actions/createMeeting/dry-run", {f"in.x{number}": "1" for number in range(6000)})
    assert seen.status == 400
    assert "Too many fields" in seen.text


def test_a_sentence_is_told_on_the_page_that_a_form_leads_to_and_nowhere_else(visitor):
    headers = {"origin": ORIGIN, "sec-fetch-site": "same-origin"}
    form = {"kind": "serverToServer", "name": "work"}
    led_to = visitor._http.post("/connections", data=form, headers=headers, follow_redirects=False).headers["location"]
    assert "is connected" not in visitor.get("/connections/work").text, "another tab"
    address = led_to.removeprefix(visitor.keys.root_path)
    assert "work is connected" in visitor.get(address).text
    assert "is connected" not in visitor.get(address).text, "loaded again"
