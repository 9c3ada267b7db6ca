"""Prints the figures of the house, from the root of the repository: `python -m tests.house.measure`."""

from __future__ import annotations

import statistics

from tests.support import package_source as source

MAX_FILE = 300
COMMENTS = {
    "noqa": r"#\s*noqa",
    "noqa PLR2004": r"#\s*noqa.*PLR2004",
    "noqa SLF001": r"#\s*noqa.*SLF001",
    "type: ignore": r"#\s*type:\s*ignore",
    "pyright: ignore": r"#\s*pyright:",
    "fmt: skip": r"#\s*fmt:",
}


def main() -> None:
    """Print each figure on a line, and below it what it counts where that is little."""
    lengths = [source.function_length(node) for _, node in source.functions()]
    long_files = [name for name, text in source.sources().items() if len(text.splitlines()) > MAX_FILE]
    print(f"{'code lines':<28}{source.code_lines()}")
    print(f"{'lines':<28}{sum(len(text.splitlines()) for text in source.sources().values())}")
    print(f"{'modules':<28}{len(source.modules())}")
    print(f"{'functions':<28}{len(lengths)}, median {statistics.median(lengths):g} lines, longest {max(lengths)}")
    _show("bare participles", source.participles())
    _show("class names twice", [f"{name}: {', '.join(where)}" for name, where in source.repeated_classes().items()])
    _show("constants by adjective", source.adjective_constants())
    _show("import cycles", [" -> ".join(cycle) for cycle in source.cycles()])
    _show(f"files over {MAX_FILE} lines", long_files)
    for label, pattern in COMMENTS.items():
        print(f"{label:<28}{len(source.comments(pattern))}")
    for top in (source.HOME, source.TESTS):
        print(f"\nentries a folder: {top.name}")
        for folder in source.folders(top):
            print(f"{len(source.entries(folder)):>6}  {folder.relative_to(top.parent)}")


def _show(label: str, items: list[str]) -> None:
    print(f"{label:<28}{len(items)}")
    for item in items:
        print(f"    {item}")


if __name__ == "__main__":
    main()
