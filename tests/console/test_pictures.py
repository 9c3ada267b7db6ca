"""The pictures of the console's page show what the console shows today."""

from __future__ import annotations

import json

import pytest
from support.pages.browsing.console_pictures import FOLDER, WORDS, make_pictures
from support.pages.markdown_blocks import ROOT


@pytest.mark.usefixtures("_own_folders")
def test_each_picture_has_the_words_that_its_page_has_today(chromium, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    kept = json.loads(WORDS.read_text("utf-8"))
    made = make_pictures(chromium, None)
    assert made == kept, "make them again: python tests/docs/refresh_console_pictures.py"


def test_each_picture_is_shown_by_the_page():
    page = (ROOT / "docs" / "console.md").read_text("utf-8")
    names = {path.stem for path in FOLDER.glob("*.png")}
    assert names == set(json.loads(WORDS.read_text("utf-8")))
    assert not [name for name in names if f"pictures/console/{name}.png" not in page]
