"""The first page says whose console it is."""

from __future__ import annotations


def test_the_first_page_names_the_service_and_that_it_is_a_sandbox(visitor):
    seen = visitor.get("/")
    assert "Zoom" in seen.text
    assert "sandbox" in seen.text
