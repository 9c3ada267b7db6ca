"""The page of use cases counts what it does and what it cannot."""

from __future__ import annotations

import re

from support.pages.markdown_blocks import ROOT

TEXT = (ROOT / "docs" / "use-cases.md").read_text(encoding="utf-8")
ITEMS = re.findall(r"^### (\d+)\. [^\n]*\n(.*?)(?=^###? |\Z)", TEXT, re.MULTILINE | re.DOTALL)


def test_the_items_are_numbered_and_counted():
    assert [int(number) for number, _ in ITEMS] == list(range(1, len(ITEMS) + 1))
    assert f"Of their {len(ITEMS)} items, {len(ITEMS) - 2} are done below." in TEXT


def test_each_item_is_a_command_that_runs_or_says_why_it_is_not_possible():
    without = [number for number, text in ITEMS if "$ " not in text]
    assert [number for number, text in ITEMS if number in without and "Not possible: none of" in text] == without
    assert len(without) <= 2
