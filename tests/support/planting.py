"""Planting mistakes in files, and finding the line where each of them stands."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

TAGS = """  tags:
    label: Tags
    help: Words to find it by.
    type: list of string
    max: 10
    to: body.tags
    example: [water, towns]
"""


def plant(path: Path, old: str, new: str) -> None:
    """Replace a text that stands exactly once in a file."""
    text = path.read_text()
    assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {path.name}"
    path.write_text(text.replace(old, new))


def line_of(path: Path, marker: str) -> int:
    """Return the number of the first line that holds a marker; `marker#2` is the second such line."""
    marker, _, which = marker.partition("#") if marker[-2:-1] == "#" else (marker, "", "1")
    lines = [number for number, line in enumerate(path.read_text().splitlines(), 1) if marker in line]
    return lines[int(which) - 1]


def one_input(key: str, words: str) -> str:
    """Return the text of one more input, after the tags."""
    lines = "".join(f"    {line}\n" for line in words.strip().splitlines())
    return f"{TAGS}  {key}:\n{lines}"


def plant_block(path: Path, old: str, new: str) -> None:
    """Replace a block of lines, wherever it is indented, by another with the same indentation.

    A text of one line may also be the end of a line. A file that is not there is written.
    """
    old, new = old.rstrip("\n"), new.rstrip("\n")
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{new}\n")
        return
    lines, wanted = path.read_text().splitlines(), old.splitlines()
    starts = [
        number
        for number in range(len(lines))
        if textwrap.dedent("\n".join(lines[number : number + len(wanted)])) == old
    ]
    if not starts:
        plant(path, old, new)
        return
    (start,) = starts
    indent = lines[start][: len(lines[start]) - len(lines[start].lstrip())]
    lines[start : start + len(wanted)] = [indent + line if line else "" for line in new.splitlines()]
    path.write_text("\n".join(lines) + "\n")
