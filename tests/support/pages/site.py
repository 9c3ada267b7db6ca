"""The documentation as a site, built once for all tests that look at it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import filelock

from support.pages.markdown_blocks import ROOT

ORIGIN = "https://docs.example.com/"  # an address for links to be relative to
SEARCH = Path(__file__).with_name("search_site.js")
LONGEST = 600  # seconds; half a minute on a quiet machine


@dataclass(frozen=True)
class Site:
    """The folder of a site, and what building it said."""

    folder: Path
    said: str

    def search(self, queries: list[str]) -> dict[str, list[str]]:
        """Return the pages that the site's own search finds for each query, best first."""
        ran = subprocess.run(
            ["node", str(SEARCH), str(self.folder)],
            input=json.dumps(queries), capture_output=True, text=True, timeout=LONGEST, check=True,
        )  # fmt: skip
        return {
            query: list(dict.fromkeys(place.partition("#")[0] for place in places))
            for query, places in json.loads(ran.stdout).items()
        }


def share_site(root: Path) -> Site:
    """Return the site in a folder that processes share; the first of them builds it."""
    folder, told = root / "site", root / "site.txt"
    with filelock.FileLock(root / "site.lock"):
        if not told.exists():
            told.write_text(_build_site(folder).said, encoding="utf-8")
    return Site(folder, told.read_text(encoding="utf-8"))


def _build_site(folder: Path) -> Site:
    """Build the site into a folder."""
    ran = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)],
        cwd=ROOT, env={**os.environ, "NO_MKDOCS_2_WARNING": "1"}, capture_output=True, text=True, timeout=LONGEST,
        check=False,
    )  # fmt: skip
    said = ran.stdout + ran.stderr
    assert ran.returncode == 0, said
    return Site(folder, said)
