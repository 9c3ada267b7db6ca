"""Events that one file cannot hold go to several, by the first words of their names; none goes in silence."""

from __future__ import annotations

from connector.authoring.importing.building import event_files
from connector.authoring.importing.building.event_files import build_events
from connector.authoring.importing.document import ApiDocument


def describe(*names: str, size: int = 1) -> list[ApiDocument]:
    properties = {f"field{number}": {"type": "string"} for number in range(size)}
    body = {"content": {"application/json": {"schema": {"type": "object", "properties": properties}}}}
    webhooks = {name: {"post": {"requestBody": body}} for name in names}
    return [ApiDocument({"openapi": "3.1.0", "info": {"title": "Books"}, "webhooks": webhooks})]


def list_events(documents):
    files, notes = build_events(documents)
    return {path: list(words) for path, words in files.items()}, notes


def test_a_group_that_fits_is_one_file():
    assert list_events(describe("book.lent", "shelf.moved")) == (
        {"schemas/events/books.json": ["book.lent", "shelf.moved"]},
        [],
    )


def test_a_group_that_is_too_large_is_divided_as_far_as_needed(monkeypatch):
    monkeypatch.setattr(event_files, "MAX_NODES", 40)
    documents = describe("book.lent", "book.returned", "shelf.moved", size=10)
    assert list_events(documents) == (
        {
            "schemas/events/book-lent.json": ["book.lent"],
            "schemas/events/book-returned.json": ["book.returned"],
            "schemas/events/shelf.json": ["shelf.moved"],
        },
        [],
    )


def test_an_event_that_no_file_can_hold_is_left_out_and_noted():
    files, notes = list_events(describe("book.lent", size=30_000))
    assert files == {}
    assert notes == ["events are left out: book.lent: a file has at most 1,048,576 bytes and 50,000 values"]
