"""Run a chain: each step's calls in threads, recorded before they are sent and after, and none of them twice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field, replace
from typing import TYPE_CHECKING, Any

from connector.core.chain.chain import LostReply
from connector.core.chain.steps import order_steps
from connector.core.response.result import Result
from connector.errors import ConnectorError, InputError, UsageError, from_dict
from connector.first_use import dataclass
from connector.runtime.bulk.row_reader import Row
from connector.runtime.bulk.runner import DEFAULT_CONCURRENCY, BulkOptions, run_rows
from connector.runtime.chain.step_journal import StepJournal, compute_digest

if TYPE_CHECKING:
    from collections.abc import Callable

    from connector.core.chain.chain import Chain, Step
    from connector.core.chain.steps import StepCalls
    from connector.runtime.bulk.journal import Journal
    from connector.runtime.bulk.row_result import RowResult
    from connector.runtime.calls.call_options import CallOptions
    from connector.runtime.calls.caller import Caller

    ChooseCaller = Callable[[Step], tuple[Caller, CallOptions]]

Settled = Mapping[str, Any]  # by the name of a call: done, not-done, or done with the data of its reply
_RESOLUTIONS = {"done": "done", "not-done": "retry"}  # what a person says, and what a journal calls it


@dataclass(slots=True)
class ChainRun:
    """One run of a chain, or what is left of it by its journal.

    `choose_caller` returns who makes the calls of a step, and with which options. `settled` says of uncertain calls,
    by their names, whether they were "done" or "not-done", or gives the data of the reply. `uncertain` has the names
    of those that stopped the run. `tell` is told of each call that ended: its step, and how many of its calls have.
    """

    chain: Chain
    choose_caller: ChooseCaller
    journal: Journal | None = None
    settled: Settled = field(default_factory=dict)
    uncertain: list[str] = field(default_factory=list)
    tell: Callable[[StepCalls, int], None] = lambda _calls, _done: None
    _recorded: dict[int, dict[str, Any]] = field(default_factory=dict)
    _unused: set[str] = field(default_factory=set)
    _attempts: int = 0
    _warnings: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        wrong = [name for name, word in self.settled.items() if isinstance(word, str) and word not in _RESOLUTIONS]
        if wrong:
            hint = "Say done or not-done, or give the data of its reply."
            raise UsageError(f"{wrong[0]} is settled as {self.settled[wrong[0]]!r}.", hint=hint)
        self._unused = set(self.settled)
        if self.journal is not None:
            self._recorded = {result["row"]: result for result in self.journal.iter_results()}

    def find_next_call(self) -> str | None:
        """Return the name of the first call that has no success on record; None where the chain is done."""
        steps = order_steps(self.chain)
        answer: list[Any] | None = None
        while True:
            try:
                calls = steps.send(answer)
            except StopIteration:
                return None
            except InputError as error:
                return str(error)
            undone = next((number for number in calls.numbers if not self._is_done(number)), None)
            if undone is not None:
                return calls.describe(undone)
            answer = [_read_data(self._recorded[number]) for number in calls.numbers]

    def run(self) -> Result:
        """Run every step that is not done; return what the chain keeps. Raises ConnectorError: it names the step.

        The calls that an earlier run recorded as done are not made again. One that is uncertain stops the chain.
        """
        steps = order_steps(self.chain)
        answer: list[Any] | None = None
        while True:
            try:
                calls = steps.send(answer)
            except StopIteration as end:
                self._reject_unused()
                if self.journal is not None:
                    self.journal.record_end()
                return Result(end.value, attempts=self._attempts, warnings=tuple(self._warnings))
            answer = self._run_step(calls)

    def _run_step(self, calls: StepCalls) -> list[Any]:
        self._settle(calls)
        for number in calls.numbers:
            self._check_recorded(calls, number)
        missing = [number for number in calls.numbers if not self._is_done(number)]
        if missing:
            self._reject_unused()
            self._send(calls, missing)
        return [_read_data(self._recorded[number]) for number in calls.numbers]

    def _is_done(self, number: int) -> bool:
        return self._recorded.get(number, {}).get("outcome") == "done"

    def _settle(self, calls: StepCalls) -> None:
        """Record what a person says of the uncertain calls of a step. Raises the error of one that stays uncertain."""
        for number in calls.numbers:
            recorded, name = self._recorded.get(number, {}), calls.describe(number)
            word = self.settled.get(name, self.settled.get(calls.step.name))
            lacks_reply = bool(recorded.get("settled")) and "data" not in recorded and not isinstance(word, str)
            if word is None or not (recorded.get("outcome") == "uncertain" or lacks_reply):
                continue
            self._unused -= {name, calls.step.name}
            self._record_settlement(number, word)
        uncertain = [number for number in calls.numbers if self._recorded.get(number, {}).get("outcome") == "uncertain"]
        self.uncertain = [calls.describe(number) for number in uncertain]
        if uncertain:
            raise _name_step(from_dict(self._recorded[uncertain[0]]["error"]), self.uncertain[0])

    def _record_settlement(self, number: int, word: Any) -> None:
        assert self.journal is not None
        settled = {"row": number, "line": number, "outcome": "done", "settled": True}
        if not isinstance(word, str):
            settled["data"] = word
            self.journal.record_result(settled)
        else:
            self.journal.resolve_row(number, _RESOLUTIONS[word])
            settled["outcome"] = word
        self._recorded[number] = settled

    def _reject_unused(self) -> None:
        """Reject what is said of calls that are not uncertain, before anything is sent. Raises UsageError."""
        if self._unused:
            raise UsageError(f"Step {min(self._unused)} is not uncertain.", hint="Leave it out; nothing was sent.")

    def _check_recorded(self, calls: StepCalls, number: int) -> None:
        """Reject a call that was made with other inputs than the file has now. Raises UsageError."""
        recorded = self._recorded.get(number, {})
        if recorded.get("outcome") == "done" and recorded.get("call") not in (None, compute_digest(calls, number)):
            message = f"Step {calls.describe(number)} was done with other inputs than it has now."
            hint = "Restore its action and inputs in the file; what was not done yet may be changed."
            raise UsageError(message, hint=hint)

    def _send(self, calls: StepCalls, numbers: list[int]) -> None:
        """Make the calls. Raises the error of the worst; those that were on their way have ended then."""
        caller, options = self.choose_caller(calls.step)
        rows = [Row(number, number, calls.given[number - calls.first]) for number in numbers]
        _check_inputs(caller, calls, rows, options)
        concurrency = 1 if calls.step.each is None else calls.step.concurrency or DEFAULT_CONCURRENCY
        bulk_options = BulkOptions(min(concurrency, len(rows)), retry_failed=True, call_options=options)
        journal = None if self.journal is None else StepJournal(self.journal, calls)
        failed: list[RowResult] = []
        with run_rows(caller, calls.step.action, iter(rows), journal=journal, options=bulk_options) as results:
            try:
                for count, result in enumerate(results, len(calls.numbers) - len(numbers) + 1):
                    self._note(result, calls, failed)
                    self.tell(calls, count)
            except ConnectorError as error:
                if not failed:
                    raise _name_step(error, calls.step.name) from None
        self.uncertain = sorted(calls.describe(one.number) for one in failed if one.outcome == "uncertain")
        failed.sort(key=lambda one: (one.outcome != "uncertain", one.number))
        for one in failed[:1]:
            assert one.error is not None
            raise _name_step(one.error, calls.describe(one.number))

    def _note(self, result: RowResult, calls: StepCalls, failed: list[RowResult]) -> None:
        self._recorded[result.number] = result.data
        self._attempts += result.data.get("attempts", 0)
        name = calls.describe(result.number)
        self._warnings += [f"{name}: {warning}" for warning in result.data.get("warnings", ())]
        if result.outcome != "done":
            failed.append(result)


def _read_data(recorded: Mapping[str, Any]) -> Any:
    return LostReply() if recorded.get("settled") and "data" not in recorded else recorded.get("data")


def _check_inputs(caller: Caller, calls: StepCalls, rows: list[Row], options: CallOptions) -> None:
    """Check the inputs of all calls of a step before its first. Raises InputError with every problem."""
    problems = []
    for row in rows:
        try:
            caller.dry_run(calls.step.action, row.given, account=options.account)
        except InputError as error:
            name = calls.describe(row.number)
            problems += [replace(problem, field=f"{name}: {problem.field}") for problem in error.problems]
    if problems:
        raise InputError.from_problems(calls.step.action, problems, undone="sent for this step")


def _name_step(error: ConnectorError, name: str) -> ConnectorError:
    """Return an error that says at which step it came."""
    error.args = (f"Step {name}: {error.args[0]}", *error.args[1:])
    return error
