"""Draws how costs grow, as an SVG file; needs matplotlib, which the extra `bench` brings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from benchmarks.growth import Line, Point

COLUMNS = 2
SIZE = 4.2, 2.3  # inches of one part
TIME, MEMORY = "#1f6feb", "#8b949e"


def draw(lines: Sequence[tuple[Line, Sequence[Point], float]], file: Path) -> None:
    """Draw a part for each line, its points and its slope: microseconds of one more, and memory in MB.

    All scales are logarithmic.
    """
    import matplotlib as mpl
    from matplotlib.figure import Figure

    mpl.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "growth", "font.family": "sans-serif", "font.size": 8})
    count = -(-len(lines) // COLUMNS)
    figure = Figure(figsize=(SIZE[0] * COLUMNS, SIZE[1] * count), layout="constrained")
    places = iter(figure.subplots(count, COLUMNS).flat)
    for line, place in zip(lines, places, strict=False):
        _draw_part(place, *line)
    for place in places:
        place.set_axis_off()
    figure.savefig(file, format="svg", metadata={"Date": None})


def _draw_part(place: Any, line: Line, points: Sequence[Point], slope: float) -> None:
    sizes = [point.size for point in points]
    place.set_title(f"{line.one_more}: slope {slope:+.2f}", fontsize=8, loc="left")
    place.loglog(sizes, [point.microseconds for point in points], marker="o", color=TIME)
    place.set_xlabel(line.among)
    place.set_ylabel("µs", color=TIME)
    place.set_ylim(*_decades([point.microseconds for point in points]))
    memory = place.twinx()
    memory.loglog(sizes, [point.megabytes for point in points], marker=".", linestyle="--", color=MEMORY)
    memory.set_ylabel("MB", color=MEMORY)
    memory.set_ylim(10, 1000)
    for axis in (place, memory):
        axis.minorticks_off()
        for scale in (axis.xaxis, axis.yaxis):
            scale.set_major_formatter(_show_number)


def _show_number(value: float, _: int) -> str:
    return f"{value:,.0f}"


def _decades(values: Sequence[float]) -> tuple[float, float]:
    """Return two decades around the values, so that a steep line looks steep in every part."""
    middle = (min(values) * max(values)) ** 0.5
    return middle / 10, middle * 10
