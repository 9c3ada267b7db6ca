"""Long pages in the user's pager, such as less; on a terminal alone."""

from __future__ import annotations

import os
import sys

from connector.cli.terminal.screen import Screen


def show_page(text: str, *, is_allowed: bool = True) -> None:
    """Write a page to stdout: through the pager where it is longer than the terminal, and a person can leave it."""
    screen = Screen.of(sys.stdout)
    is_seen = screen.is_terminal and sys.stdin is not None and sys.stdin.isatty()
    is_wanted = is_allowed and os.environ.get("PAGER") not in ("", "cat") and os.environ.get("TERM") != "dumb"
    if is_seen and is_wanted and text.count("\n") + 1 >= screen.height:
        import click

        os.environ.setdefault("LESS", "-FRX")  # colours as colours; git and others say the same
        click.echo_via_pager(text, color=screen.has_colour or None)
    else:
        sys.stdout.write(f"{text}\n")
