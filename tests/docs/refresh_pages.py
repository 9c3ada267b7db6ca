"""Puts what is printed in place of what the pages show, where they differ: `python tests/docs/refresh_pages.py [PAGE...]`.

Look at the difference before you keep it, and put `...` where something varies.
"""

from __future__ import annotations

import sys
import tempfile
from itertools import pairwise
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from support.pages.markdown_blocks import ROOT, Block, agrees, blocks, pages
from support.pages.page_runner import PageRunner

from connector import Connector
from connector.authoring.rule_page import render_rule_page
from connector.sandbox.data.state import SandboxState
from connector.sandbox.http_server import serve
from connector.sandbox.service import SandboxService


class _Refresher(PageRunner):
    """Notes what each command printed, in place of judging it."""

    def __init__(self, folder: Path, **settings: str) -> None:
        super().__init__(folder, **settings)
        self.seen: dict[int, list[tuple[str, list[str]]]] = {}

    def held(self, block: Block, command: str, shown: list[str], printed: str) -> None:
        said = self.restore_ports(printed)
        kept = shown if agrees(shown, said) else said.rstrip().splitlines()
        self.seen.setdefault(block.line, []).append((command, kept))


def refreshed(page: Path) -> str:
    """Return a page with what is printed today."""
    server = serve(SandboxService(Connector.open(), SandboxState(None)), "127.0.0.1", 0)
    with tempfile.TemporaryDirectory() as folder:
        runner = _Refresher(Path(folder), ZOOM_ACCESS_TOKEN="a-token-for-the-stand-in", ZOOM_BASE_URL=server.url)
        try:
            runner.run([block for block in blocks(page) if not block.gate])
        finally:
            runner.close()
            server.shutdown()
    return _replaced(page, runner.seen)


def _replaced(page: Path, seen: dict[int, list[tuple[str, list[str]]]]) -> str:
    every = blocks(page)
    new: dict[int, list[str]] = {}
    for block, following in pairwise([*every, *every[:1]]):
        if block.kind == "console" and block.line in seen:
            new[block.line] = [line for command, kept in seen[block.line] for line in (f"$ {command}", *kept)]
        elif block.kind == "python" and block.line in seen and following.kind == "text":
            new[following.line] = seen[block.line][0][1]
    lines = page.read_text(encoding="utf-8").splitlines()
    for block in reversed(every):
        if block.line in new:
            lines[block.line : block.line + len(block.lines)] = new[block.line]
    return "".join(f"{line}\n" for line in lines)


def main() -> None:
    """Refresh the pages that are named, or all; the page of lint's rules is generated first."""
    (ROOT / "docs" / "lint.md").write_text(render_rule_page(), encoding="utf-8")
    for page in [Path(name).resolve() for name in sys.argv[1:]] or pages():
        text = refreshed(page)
        if text != page.read_text(encoding="utf-8"):
            page.write_text(text, encoding="utf-8")
            sys.stdout.write(f"{page.name}\n")


if __name__ == "__main__":
    main()
