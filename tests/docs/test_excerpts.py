"""What a page shows of a folder stands there, and what the cookbook counts is so many."""

from __future__ import annotations

import re
import textwrap

import pytest
from support.pages.markdown_blocks import ROOT, blocks, pages

from connector import Connector

SOURCE = "source="
EXCERPTS = [block for page in pages() for block in blocks(page) if block.note.startswith(SOURCE)]
COOKBOOK = ROOT / "docs" / "cookbook.md"
ROW = re.compile(r"^\| \[[^]]+\]\(\.\./([^)]+)\) \| (\d+) \| .* \|$", re.MULTILINE)
COUNTED = ROW.findall(COOKBOOK.read_text(encoding="utf-8"))


def stands_in(excerpt: str, text: str) -> bool:
    """Whether lines stand in a text next to each other, however far they are indented."""
    wanted, lines = textwrap.dedent(excerpt).splitlines(), text.splitlines()
    parts = ("\n".join(lines[start : start + len(wanted)]) for start in range(len(lines) - len(wanted) + 1))
    return any(textwrap.dedent(part).splitlines() == wanted for part in parts)


@pytest.mark.parametrize("block", EXCERPTS, ids=lambda block: f"{block.page.name}:{block.line}")
def test_an_excerpt_stands_in_its_file(block):
    source = ROOT / block.note.removeprefix(SOURCE)
    assert stands_in(block.text, source.read_text(encoding="utf-8")), source


@pytest.mark.parametrize(
    ("excerpt", "found"),
    [("b: 1\n  c: 2\n", True), ("  b: 1\n    c: 2\n", True), ("b: 1\nc: 2\n", False), ("a:\n  c: 2\n", False), ("b: 2\n", False)],
)  # fmt: skip
def test_an_excerpt_is_whole_lines_next_to_each_other(excerpt, found):
    assert stands_in(excerpt, "a:\n  b: 1\n    c: 2\n") is found


@pytest.mark.parametrize(("folder", "actions"), COUNTED, ids=[row[0] for row in COUNTED])
def test_the_cookbook_counts_the_actions_of_a_folder(folder, actions):
    assert len(list(Connector.open(ROOT / folder).actions())) == int(actions)


def test_the_cookbook_counts_nine_services():
    assert len(COUNTED) == 9
    assert f"These {sum(int(actions) for _, actions in COUNTED)} are." in COOKBOOK.read_text(encoding="utf-8")
