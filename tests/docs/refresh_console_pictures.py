"""Make the pictures of docs/console.md anew: `PYTHONPATH=.:tests python tests/docs/refresh_console_pictures.py`."""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile

from playwright.sync_api import sync_playwright
from support.pages.browsing.console_pictures import FOLDER, WORDS, make_pictures


def main() -> None:
    """Make the pictures in a home of their own."""
    program = shutil.which("chromium") or shutil.which("google-chrome")
    if program is None:
        sys.exit("no Chromium here")
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as home, sync_playwright() as tools:
        os.environ |= {f"XDG_{name}_HOME": home for name in ("CONFIG", "STATE", "DATA", "CACHE")}
        os.chdir(home)  # so that no picture has a folder of this machine
        browser = tools.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-gpu"])
        words = make_pictures(browser, FOLDER)
        browser.close()
        os.chdir(FOLDER)
    WORDS.write_text(json.dumps(words, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
