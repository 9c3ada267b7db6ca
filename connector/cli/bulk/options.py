"""The options of `connector run ACTION -f ROWS`."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from connector.core.bulk.row_formats import ROW_FORMATS
from connector.errors import InputError, Problem, UsageError
from connector.first_use import dataclass, prepare_pattern

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

_CONCURRENCY_DEFAULT_AND_MAX = (8, 100)  # rows
_RESOLUTION_PATTERN = prepare_pattern(r"(all|[1-9][0-9]{0,9})=(done|retry)\Z", re.ASCII)
concurrency_option = click.option(
    "--concurrency", type=click.IntRange(1, _CONCURRENCY_DEFAULT_AND_MAX[1]), metavar="N",
    help=f"Rows that run at the same time ({_CONCURRENCY_DEFAULT_AND_MAX[0]}).",
)  # fmt: skip
_BULK_OPTIONS = (
    click.option("--map", "column_mapping", multiple=True, metavar="COLUMN=INPUT",
                 help="Maps a column to an input with another name; COLUMN= ignores the column."),
    click.option("--rows-format", type=click.Choice(ROW_FORMATS), metavar="|".join(ROW_FORMATS),
                 help="The format of the rows, if the file's name does not tell it."),
    concurrency_option,
    click.option("--journal", type=click.Path(dir_okay=False), metavar="FILE",
                 help="The journal of the run (default: ROWS.ACTION.journal); with --on, the name of the run."),
    click.option("--on", metavar="URL",
                 help="Keep the rows in a database, for workers on several hosts: sqlite:///PATH or postgresql://..."),
    click.option("--restart", is_flag=True,
                 help="Set the journal aside and start over: sends every row again, also those that are done."),
    click.option("--retry-failed", is_flag=True, help="Run the rows again that failed in an earlier run."),
    click.option("--resolve", "resolutions", multiple=True, metavar="ROW=done|retry",
                 help="Resolve an uncertain row: it is done, or is sent again; all=... for every one."),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class BulkArguments:
    """The arguments of a run over rows."""

    file: str | None
    column_mapping: tuple[str, ...] = ()
    rows_format: str | None = None
    concurrency: int | None = None
    journal: str | None = None
    restart: bool = False
    retry_failed: bool = False
    resolutions: tuple[str, ...] = ()
    keep_going: bool = False
    on: str | None = None

    @classmethod
    def from_options(cls, file: str | None, options: dict[str, Any]) -> BulkArguments:
        """Move the options of rows out of the options of a command line."""
        names = (
            "column_mapping",
            "rows_format",
            "concurrency",
            "journal",
            "restart",
            "retry_failed",
            "resolutions",
            "keep_going",
            "on",
        )
        return cls(file, **{name: options.pop(name) for name in names})

    @property
    def rows_path(self) -> str:
        """The file of the rows; `rows.xlsx#Sheet` names one of its sheets too."""
        return self._split_sheet()[0]

    @property
    def sheet(self) -> str | None:
        """The sheet of a workbook that is named behind #, or None."""
        return self._split_sheet()[1]

    def _split_sheet(self) -> tuple[str, str | None]:
        name = str(self.file)
        path, separator, sheet = name.partition("#")
        is_sheet = separator and path.lower().endswith((".xlsx", ".xlsm")) and not Path(name).exists()
        return (path, sheet) if is_sheet else (name, None)

    @property
    def is_stream(self) -> bool:
        """Whether the rows come from a pipe or a device: no journal can stand beside it."""
        name = self.rows_path if self.file else "-"
        is_special_file = os.path.exists(name) and not os.path.isfile(name)  # noqa: PTH110, PTH113  a closed folder is reported later
        return name == "-" or Path(name).is_relative_to("/dev") or is_special_file

    @property
    def max_in_flight(self) -> int:
        """The maximum number of rows that run at the same time."""
        return self.concurrency or _CONCURRENCY_DEFAULT_AND_MAX[0]

    def reject_without_rows(self, *, is_chain: bool = False) -> None:
        """Raise UsageError for options of rows in a command without rows; a chain has a journal too."""
        values_by_flag = {
            "--map": self.column_mapping,
            "--rows-format": self.rows_format,
            "--concurrency": self.concurrency,
            "--journal": self.journal,
            "--restart": self.restart,
            "--retry-failed": self.retry_failed,
            "--resolve": self.resolutions,
            "--on": self.on,
        }
        of_chains = ("--journal", "--restart") if is_chain else ()
        used_flag = next((flag for flag, value in values_by_flag.items() if value and flag not in of_chains), None)
        if used_flag:
            raise UsageError(f"{used_flag} is for rows.", hint="Use it with rows: connector run ACTION -f ROWS.")

    def parse_column_mapping(self) -> dict[str, str]:
        """Return the input of each mapped column. Raises InputError."""
        input_by_column = {}
        for pair in self.column_mapping:
            column, separator, key = pair.rpartition("=")
            if not separator or column in input_by_column:
                got = "the same column twice" if separator else "no ="
                fix = "such as --map Mail=email, and --map Notes= for a column that is left out"
                problem = Problem("--map", got, "COLUMN=INPUT, each column once", fix)
                raise InputError.from_problems("options", [problem])
            input_by_column[column] = key
        return input_by_column

    def parse_resolutions(self) -> dict[int | None, str]:
        """Return "done" or "retry" by row; None means all uncertain rows. Raises InputError."""
        resolutions: dict[int | None, str] = {}
        for item in self.resolutions:
            match = _RESOLUTION_PATTERN.match(item)
            row = None if match is None or match[1] == "all" else int(match[1])
            if match is None or row in resolutions or (resolutions and None in (row, *resolutions)):
                got = f"{item:.40}" if match is None else "two answers for a row"
                fix = "such as --resolve 17=done --resolve 18=retry, or --resolve all=done"
                raise InputError.from_problems(
                    "options", [Problem("--resolve", got, "ROW=done or ROW=retry, each row once", fix)]
                )
            resolutions[row] = match[2]
        return resolutions

    def choose_resolutions(self, uncertain: Collection[int], row_count: int) -> dict[int, str]:
        """Return "done" or "retry" for each of the uncertain rows that is resolved. Raises UsageError for any other."""
        resolutions: dict[int, str] = {}
        for row, resolution in self.parse_resolutions().items():
            if row is None and not uncertain:
                raise UsageError("No row is uncertain.", hint="Remove --resolve; nothing was sent.")
            if row is not None and row > row_count:
                raise UsageError(f"There is no row {row}.", hint=f"The last row is {row_count}.")
            if row is not None and row not in uncertain:
                raise UsageError(f"Row {row} is not uncertain.", hint="Remove its --resolve; nothing was sent.")
            resolutions |= dict.fromkeys(uncertain if row is None else [row], resolution)
        return resolutions


def bulk_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options of rows."""
    for option in reversed(_BULK_OPTIONS):
        command = option(command)
    return command
