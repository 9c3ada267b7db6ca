"""Import of whole API descriptions, held to lint: `python benchmarks/importing.py DESCRIPTIONS...`.

Each argument is a description, or a folder of documents that make one. A line for each tells how many operations it
has, their grades, the findings of lint, and the time that import and lint take.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from connector.authoring.importing.description import Description
from connector.authoring.importing.importer import ImportOptions, import_description, render_file
from connector.authoring.importing.merge.folder_merge import plan_merge
from connector.authoring.lint import lint

SUFFIXES = (".json", ".yaml", ".yml")


def measure(path: Path, folder: Path) -> str:
    """Import a description into a folder, lint it, and return its line of the table."""
    files = [path] if path.is_file() else sorted(file for file in path.iterdir() if file.suffix in SUFFIXES)
    started = time.perf_counter()
    imported = import_description(Description.read(*files), ImportOptions())
    plan_merge(folder, imported.files, imported.build_record([], ImportOptions()), render_file).apply()
    written = time.perf_counter()
    findings = lint(folder)
    linted = time.perf_counter()
    errors = sum(finding.voice == "error" for finding in findings)
    grades = imported.grades.counts
    cells = (path.stem if path.is_file() else path.name, len(imported.grades.operations), *grades.values(), errors)
    times = (f"{written - started:.1f}", f"{linted - written:.1f}")
    return f"| {' | '.join(map(str, (*cells, len(findings) - errors, *times)))} |"


def main() -> None:
    """Print the table."""
    print("| description | operations | whole | opaque | lost | not runnable | errors | advice | import, s | lint, s |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    for name in sys.argv[1:]:
        with tempfile.TemporaryDirectory() as folder:
            print(measure(Path(name), Path(folder) / "connector"), flush=True)


if __name__ == "__main__":
    main()
