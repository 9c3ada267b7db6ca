"""Each picture of a terminal shows what its commands print today, and is shown by a page."""

from __future__ import annotations

import re

import pytest
from support.package_source import ROOMS
from support.pages.markdown_blocks import ROOT, pages
from support.pages.pictures_of_pages import PICTURES
from support.pages.terminal_pictures import FOLDER, words_of

SHOWN = re.compile(r"!\[([^\]]*)\]\(([^)]+)\)")


@pytest.mark.parametrize("picture", PICTURES, ids=lambda picture: picture.name)
def test_a_picture_shows_what_is_printed_today(picture, tmp_path):
    kept = picture.path.read_text(encoding="utf-8")
    drawn = picture.draw(tmp_path)
    assert words_of(kept) == words_of(drawn), "draw it again: python tests/docs/make_pictures.py"


def test_pages_show_each_picture_with_words_for_those_who_cannot_see_it():
    shown = {}
    for page in pages():
        for words, target in SHOWN.findall(page.read_text(encoding="utf-8")):
            path = (page.parent / target).resolve()
            assert path.is_file(), f"{page.name}: {target}"
            assert len(words.split()) > 3, f"{page.name}: {target} has no words for it"
            shown[path] = page
    missing = [path.name for path in FOLDER.glob("*.svg") if path not in shown]
    assert not missing, f"no page shows {missing}"
    assert {picture.path for picture in PICTURES} <= set(FOLDER.glob("*.svg"))


def test_a_picture_loads_nothing_and_runs_nothing():
    for path in FOLDER.glob("*.svg"):
        text = path.read_text(encoding="utf-8")
        assert not re.findall(r"(?:href|url)\s*[=(]\s*[\"']?https?:|<script|@import|@font-face", text), path


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("id 15410196619", "id 99999999999", True),
        ("seen 2026-11-29T09:49:26Z", "seen 2030-01-07T08:00:00Z", True),
        ("c3214556 done", "bc84a6d9 done", True),
        ("done", "uncertain", False),
        ("status 201", "status 404", False),
    ],
)
def test_only_times_ids_and_seconds_may_differ(one, other, same):
    drawn = [f'<text clip-path="url(#a-line-0)">{text}</text>' for text in (one, other)]
    assert (words_of(drawn[0]) == words_of(drawn[1])) is same


def test_the_picture_of_the_rooms_has_every_room():
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    (diagram,) = re.findall(r"```mermaid\n(.*?)```", text, re.DOTALL)
    missing = set(ROOMS) - set(re.findall(r"<b>(\w+)</b>", diagram))
    assert missing == {"typed"}  # which stands outside
