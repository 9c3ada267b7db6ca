"""The page of commands has them all."""

from __future__ import annotations

import re

from support.pages.markdown_blocks import ROOT

from connector.cli.registry import COMMANDS


def test_the_page_of_commands_has_every_command():
    text = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
    told = set(re.findall(r"[a-z-]+", " ".join(re.findall(r"`([^`]+)`", text))))
    assert not set(COMMANDS) - told - {"help"}
