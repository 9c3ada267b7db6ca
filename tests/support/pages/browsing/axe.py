"""What axe-core finds wrong with a page for people who cannot see it, or use a keyboard alone."""

from __future__ import annotations

import os
import shutil
import subprocess
from functools import cache
from typing import TYPE_CHECKING

import platformdirs
import pytest
from filelock import FileLock

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Page

PACKAGE = "axe-core@4.14.1"


@cache
def _find_script() -> Path:
    """Return axe-core, installed by npm where it is not there yet; skip where that cannot be."""
    folder = platformdirs.user_cache_path("connector-tests") / PACKAGE
    script = folder / "node_modules" / "axe-core" / "axe.min.js"
    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(folder / "lock"):
        npm = shutil.which("npm")
        if not script.exists() and npm:
            command = [npm, "install", "--prefix", str(folder), "--ignore-scripts", "--no-audit", "--no-fund", PACKAGE]
            subprocess.run(command, check=False, capture_output=True, timeout=240, cwd=folder)
    if not script.exists():
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(f"npm cannot install {PACKAGE} here")
    return script


def find_violations(page: Page) -> list[str]:
    """Return what axe-core finds on the page that a browser shows: rule and element.

    It is evaluated in the browser, as its own tools do, since the page's policy keeps scripts out.
    """
    page.evaluate(_find_script().read_text("utf-8"))
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [f"{one['id']}: {node['html'][:120]}" for one in found["violations"] for node in one["nodes"]]
