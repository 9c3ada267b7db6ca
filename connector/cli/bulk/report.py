"""What comes of rows, on stdout as they finish; how far they are, what failed and what is uncertain on stderr."""

from __future__ import annotations

import json
import signal
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

from connector import errors
from connector.cli.bulk import check as bulk_check
from connector.cli.output import errors as failure
from connector.cli.output import printer as output
from connector.cli.output import stdio as streams
from connector.cli.output.progress import Progress
from connector.cli.output.query import Query
from connector.errors import ConnectorError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from connector.cli.context.settings import Setting
    from connector.runtime.bulk.journal import Journal
    from connector.runtime.bulk.runner import RowResult, Rows

GRACE = 5.0  # seconds that rows under way have after Ctrl-C
MOST_TOLD = 20  # failures, and uncertain rows, that are told one by one


class Array:
    """One JSON array, written as its items come."""

    def __init__(self) -> None:
        self._empty = True

    def result(self, shown: Any) -> None:
        """Print an item, at once."""
        sys.stdout.write(("[\n" if self._empty else ",\n") + json.dumps(shown, default=str))
        sys.stdout.flush()
        self._empty = False

    def error(self, error: dict[str, Any]) -> None:
        """Print an error in its place."""
        self.result(error)

    def end(self) -> None:
        """Print the end of the array."""
        sys.stdout.write("[]\n" if self._empty else "\n]\n")


class _Drawn(Progress):
    """How far the rows are, with those that did not succeed."""

    def __init__(self, shown: Shown, *, wanted: bool) -> None:
        super().__init__("rows", total=shown.total, wanted=wanted)
        self._shown = shown

    def _said(self) -> str:
        counts = self._shown.counts
        bad = "".join(f", {counts[name]:,} {name}" for name in ("failed", "uncertain") if counts[name])
        return super()._said() + bad


class Shown:
    """Prints the results of rows and knows what they come to; `total` is how many there are, where that is known."""

    def __init__(self, shape: Setting, query: str | None, *, quiet: bool) -> None:
        self.form = _form(shape)
        self.total: int | None = None
        self.codes: set[int] = set()
        self.counts = {"done": 0, "failed": 0, "uncertain": 0}
        self._query = Query(query) if query is not None else None
        self._quiet = quiet
        self._earlier = self._unsendable = 0
        self._told = 0
        self._uncertain: list[dict[str, Any]] = []

    def all(self, rows: Rows, journal: Journal | None) -> int:
        """Print every result, say what they come to, and return the exit code. Raises KeyboardInterrupt, OSError."""
        began, interrupted = time.monotonic(), False
        with _Drawn(self, wanted=not self._quiet and not streams.on_terminal()) as drawn:
            try:
                self._each(rows, drawn)
            except KeyboardInterrupt:
                interrupted = True
                self._end_soon(rows, drawn)
            except OSError:  # nobody takes the results any more; the journal keeps them
                if not self._leave(rows):
                    raise
                return failure.UNCERTAIN
            except ConnectorError as error:
                self.codes.add(failure.exit_code(error))
                failure.say(failure.told(error))
        self.form.end()
        self._sum_up(time.monotonic() - began, journal)
        if interrupted and failure.UNCERTAIN not in self.codes:
            raise KeyboardInterrupt
        return max(self.codes, default=failure.DONE)

    def _each(self, results: Iterable[RowResult], drawn: Progress) -> None:
        for result in results:
            self._count(result)
            self.form.result(self._queried(result.data))
            self._tell(result)
            drawn.advance()

    def _end_soon(self, rows: Rows, drawn: Progress) -> None:
        """After Ctrl-C: what is under way may still come to its end; a second one leaves it."""
        first, again = signal.getsignal(signal.SIGINT), threading.Event()

        def second(*_: object) -> None:
            signal.signal(signal.SIGINT, first)
            again.set()

        signal.signal(signal.SIGINT, second)
        rest = rows.stop(GRACE, again.is_set)
        failure.say(f"Stopping: rows under way have {GRACE:g} s to end. Ctrl-C again leaves them.")
        try:
            self._each(rest, drawn)
            self._each(rows.cut_off(), drawn)
        finally:
            signal.signal(signal.SIGINT, first)

    def _leave(self, rows: Rows) -> bool:
        """Let rows under way end, with nobody to show them to; return whether one is uncertain."""
        for result in rows.stop(GRACE):
            self._count(result)
        for result in rows.cut_off():
            self._count(result)
        if failure.UNCERTAIN in self.codes:
            streams.give_up()
        return failure.UNCERTAIN in self.codes

    def _count(self, result: RowResult) -> None:
        data = result.data
        self._earlier += result.earlier
        if result.outcome == "done":
            self.counts["done"] += 1
            return
        kind: type[ConnectorError] = getattr(errors, data["error"]["type"])
        self.codes.add(failure.code_of(kind, result.outcome))
        if result.outcome != "uncertain":
            self.counts["failed"] += 1
            self._unsendable += kind is errors.InputError
            return
        self.counts["uncertain"] += 1
        if len(self._uncertain) < MOST_TOLD:
            self._uncertain.append(data)

    def _queried(self, data: dict[str, Any]) -> dict[str, Any]:
        """Return a row's result with its data through the query; where that does not suit, all of it."""
        if self._query is None or data["outcome"] != "done" or "data" not in data:
            return data
        try:
            return {**data, "data": self._query.read(data["data"])}
        except UsageError as error:
            if failure.WRONG not in self.codes:
                failure.say(failure.told(error))
            self.codes.add(failure.WRONG)
            return data

    def _tell(self, result: RowResult) -> None:
        """Tell a failure as a sentence, the first of them; the rest stands in the results."""
        if result.error is None or result.outcome == "uncertain":
            return
        self._told += 1
        if self._told <= MOST_TOLD:
            failure.say(f"{_place(result.data)}: {failure.told(result.error)}")
        elif self._told == MOST_TOLD + 1:
            failure.say("More rows fail; the results tell of each.")

    def _sum_up(self, seconds: float, journal: Journal | None) -> None:
        """Say what the rows come to, and what a person has to do."""
        settled = sum(self.counts.values())
        left = (self.total or settled) - settled
        if not self._quiet:
            known = {**self.counts, "left": left}
            said = ", ".join(f"{count:,} {name}" for name, count in known.items() if count or name == "done")
            earlier = f", {self._earlier:,} of them by an earlier run" if self._earlier else ""
            failure.say(f"{bulk_check.rows_of(settled + left)}: {said}{earlier}; {seconds:.1f} s.")
            if journal is not None:
                self._to_go_on(left)
        if self._uncertain:
            failure.say(self._to_settle(journal))

    def _to_go_on(self, left: int) -> None:
        """Say what to do about rows that are left, that the service refused, and that cannot be sent as they are."""
        hints = (
            (left, "The same command goes on with what is left."),
            (self.counts["failed"] - self._unsendable, "With --retry-failed the rows that failed are run once more."),
            (
                self._unsendable,
                "Rows with wrong input cannot be sent as they are: put them, mended, into a file of their own.",
            ),
        )
        said = " ".join(hint for count, hint in hints if count > 0)
        if said:
            failure.say(said)

    def _to_settle(self, journal: Journal | None) -> str:
        lines = ["Uncertain - look at the service whether these were done:"]
        lines += [f"  {_place(data)}: {data['error']['message']}" for data in self._uncertain]
        more = self.counts["uncertain"] - len(self._uncertain)
        if more:
            lines.append(f"  and {more:,} more, with the outcome uncertain in the results")
        if journal is not None:
            row = self._uncertain[0]["row"]
            lines.append(
                f"Then run the same command with --settle {row}=done, or with --settle {row}=again to send it again; "
                "all=... is for every one."
            )
        return "\n".join(lines)


def _place(data: dict[str, Any]) -> str:
    return f"Row {data['row']} (line {data['line']})"


def _form(shape: Setting) -> output.Form:
    """Return the form of the results: lines when nobody chose another. Raises UsageError for a table."""
    if not shape.chosen or shape.value == "lines":
        return output.Lines(several=True)
    if shape.value == "table":
        hint = "Use --output lines, json or yaml."
        raise UsageError(f"The results of rows come one by one, and make no table ({shape.source}).", hint=hint)
    return output.Yaml(several=True) if shape.value == "yaml" else Array()
