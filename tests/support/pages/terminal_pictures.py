"""Pictures of a terminal in which the commands ran: SVG, made of what they really printed."""

from __future__ import annotations

import html
import io
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.console import Console
from rich.terminal_theme import TerminalTheme
from rich.text import Text

from support.pages.markdown_blocks import ROOT
from support.pages.page_runner import PageRunner

if TYPE_CHECKING:
    from pathlib import Path

FOLDER = ROOT / "docs" / "pictures"
COLUMNS = 88
THEME = TerminalTheme(
    (22, 27, 34),
    (214, 220, 228),
    [(72, 79, 88), (255, 123, 114), (86, 211, 100), (227, 179, 65), (121, 192, 255), (210, 168, 255), (86, 212, 221), (214, 220, 228)],
    [(139, 148, 158), (255, 166, 158), (126, 231, 135), (242, 204, 96), (165, 214, 255), (226, 197, 255), (179, 240, 255), (255, 255, 255)],
)  # fmt: skip
# Without the fonts that Rich would load from elsewhere.
FORMAT = """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" aria-label="{label}">
<style>
.{unique_id}-matrix {{ font: {char_height}px ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace; line-height: {line_height}px; }}
{styles}
</style>
<defs>
<clipPath id="{unique_id}-clip-terminal"><rect x="0" y="0" width="{terminal_width}" height="{terminal_height}"/></clipPath>
{lines}
</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""


@dataclass(frozen=True)
class Picture:
    """A picture: its name, what it shows for those who cannot see it, and its commands."""

    name: str
    label: str
    commands: tuple[str, ...]

    @property
    def path(self) -> Path:
        return FOLDER / f"{self.name}.svg"

    def draw(self, folder: Path) -> str:
        """Run the commands in an empty home and return the picture."""
        runner = _Typist(folder)
        lines = Text()
        for command in self.commands:
            lines.append("$ ", style="bold green").append(f"{command}\n", style="bold")
            lines.append_text(Text.from_ansi(runner.type(command))).append("\n")
        lines.rstrip()
        console = Console(record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True)
        console.print(lines, soft_wrap=False)
        form = FORMAT.replace("{label}", html.escape(self.label))
        return console.export_svg(title="", theme=THEME, code_format=form, unique_id=self.name)


class _Typist(PageRunner):
    """Runs commands on a terminal with colours, and returns what they printed."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._environment |= {
            "TERM": "xterm-256color",
            "COLUMNS": str(COLUMNS),
            "COLORTERM": "truecolor",
            "PAGER": "cat",
        }

    def type(self, command: str) -> str:
        """Return what a command printed."""
        return self._printed(["bash", "-c", command]).replace("\r\n", "\n").rstrip("\n")


VARIES = re.compile(r"\d{4}-\d\d-\d\dT[\d:]+Z|\b\d{9,}\b|\b(?=\w*\d)[0-9a-f]{8}\b|\b\d+\.\d+\b")  # times, ids, seconds


def words_of(svg: str) -> list[str]:
    """Return the lines of text that a picture shows, with one word for all that is another each time."""
    found: dict[str, str] = {}
    for attributes, text in re.findall(r"<text([^>]*)>([^<]*)</text>", svg):
        line = re.search(r"line-(\d+)\)", attributes)
        place = line[1] if line else ""
        found[place] = f"{found.get(place, '')} {html.unescape(text)}"
    return [VARIES.sub("...", " ".join(line.split())) for line in found.values()]
