"""The blocks of a page: what is fenced in it, and what each command is shown to print."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[3]
GATE = "<!-- run by the gate, on a fresh machine -->"
_EXAMPLES = (
    "google-calendar",
    "hubspot",
    "notion",
    "salesforce",
    "slack",
    "twilio",
)  # whose pages show what is printed
_FENCE = re.compile(r"^```(\S*)(?: (\S+))?\s*$")


@dataclass(frozen=True)
class Block:
    """One fenced block: its kind, what stands behind the kind, its lines, and whether the gate runs it."""

    page: Path
    line: int
    kind: str
    note: str
    lines: tuple[str, ...]
    gate: bool

    @property
    def text(self) -> str:
        return "".join(f"{line}\n" for line in self.lines)

    @property
    def title(self) -> str:
        return self.note.removeprefix("title=") if self.note.startswith("title=") else ""

    def commands(self) -> list[tuple[str, list[str]]]:
        """Return the commands of a console block, each with the lines it is shown to print."""
        found: list[tuple[str, list[str]]] = []
        for line in self.lines:
            if line.startswith("$ "):
                found.append((line[2:], []))
            elif found and found[-1][0].endswith("\\") and not found[-1][1]:
                found[-1] = (f"{found[-1][0]}\n{line}", [])
            else:
                assert found, f"{self.page.name}:{self.line}: a console block begins with a command"
                found[-1][1].append(line)
        return found


def pages() -> list[Path]:
    """Return the pages that people wrote; the generated ones hold no commands."""
    top = [ROOT / name for name in ("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md")]
    examples = [ROOT / "examples" / name / "README.md" for name in _EXAMPLES]
    return [*top, *examples, *sorted((ROOT / "docs").rglob("*.md"))]


def blocks(page: Path) -> list[Block]:
    """Return the fenced blocks of a page, in order."""
    found: list[Block] = []
    lines = page.read_text(encoding="utf-8").splitlines()
    number = 0
    while number < len(lines):
        fence = _FENCE.match(lines[number])
        if fence:
            end = lines.index("```", number + 1)
            gate = number > 0 and lines[number - 1] == GATE
            inner = tuple(lines[number + 1 : end])
            found.append(Block(page, number + 1, fence[1], fence[2] or "", inner, gate))
            number = end
        number += 1
    return found


def agrees(shown: list[str], printed: str) -> bool:
    """Whether a program printed what a page shows.

    `...` stands for anything within a line, and alone on a line for any lines; a number of nine digits or more, which
    is an id, for any such number; spaces at the end of a line and of the whole do not count.
    """
    pattern = ""
    for line in shown:
        if line.strip() == "...":
            pattern += r"(?:[^\n]*\n)*?"
        else:
            parts = [re.sub(r"\d{9,}", lambda _: r"\d{9,}", re.escape(part)) for part in line.rstrip().split("...")]
            pattern += r"[^\n]*".join(parts) + r"\n"
    cleaned = "".join(f"{line.rstrip()}\n" for line in printed.rstrip().splitlines())
    return re.fullmatch(pattern.rstrip("\n"), cleaned) is not None
