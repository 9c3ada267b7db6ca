"""The application finds pages, shows errors as sentences, and refuses what a console that only reads must not do."""

from __future__ import annotations


def test_an_address_without_a_page_is_told_so(visitor):
    seen = visitor.get("/nowhere")
    assert seen.status == 404
    assert "There is no such page." in seen.text


def test_every_page_of_the_navigation_opens(visitor):
    for path in ("/", "/connections", "/actions", "/runs"):
        seen = visitor.get(path)
        assert seen.status == 200
        assert f'<a href="{path}" aria-current="page">' in seen.html


def test_every_page_says_whose_console_it_is(visitor):
    visitor.post("/connections", {"kind": "serverToServer", "name": "work"})
    for path in ("/", "/connections/work", "/actions/createMeeting", "/nowhere"):
        assert "<strong>Zoom</strong>" in visitor.get(path).html
