"""Draws the pictures of terminals that the pages show: `python tests/docs/make_pictures.py [NAME...]`.

A picture is drawn again where it shows something else than is printed today. Look at it before you keep it.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from support.pages.pictures_of_pages import PICTURES
from support.pages.terminal_pictures import FOLDER, words_of


def main() -> None:
    """Draw the pictures that are named, or those that are stale."""
    FOLDER.mkdir(exist_ok=True)
    for picture in PICTURES:
        if sys.argv[1:] and picture.name not in sys.argv[1:]:
            continue
        with tempfile.TemporaryDirectory() as folder:
            drawn = picture.draw(Path(folder))
        kept = picture.path.read_text(encoding="utf-8") if picture.path.exists() else ""
        if sys.argv[1:] or words_of(drawn) != words_of(kept):
            picture.path.write_text(drawn, encoding="utf-8")
            sys.stdout.write(f"{picture.path.name}\n")


if __name__ == "__main__":
    main()
