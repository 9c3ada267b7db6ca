"""The calls of a step: the key of each, and which writes were sent already, as the event log of Dagster tells."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import dagster as dg
from dagster._core.events import EngineEventData

from connector.errors import ConnectorError, UsageError
from connector.first_use import dataclass
from connector.integrations.work import build_cut_off_error

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import TypeAlias

    Context: TypeAlias = "dg.OpExecutionContext | dg.AssetExecutionContext | dg.AssetCheckExecutionContext"

AUTOMATIC_TAG = "dagster/retry_number"  # of a run that Dagster itself started because another one failed
SENT = "sent"  # how a write stands, beside the outcomes of results and errors
_CALL, _STATE = "connector/call", "connector/state"  # names in the metadata of an event

_counts: WeakKeyDictionary[dg.OpExecutionContext, int] = WeakKeyDictionary()  # the calls of an attempt of a step


@dataclass(frozen=True, slots=True)
class StepCall:
    """A call of a step, the `number`th of its attempt; the same in each attempt, and in a failed run's execution again.

    `lineage` are the run under way and the failed ones that it executes again, the first one last.
    """

    action: str
    number: int
    step: str
    lineage: tuple[dg.DagsterRun, ...]
    instance: dg.DagsterInstance

    @property
    def key(self) -> str:
        """The idempotency key."""
        return f"{self.lineage[-1].run_id}:{self.step}:{self.number}"

    @contextmanager
    def send_once(self) -> Iterator[None]:
        """Let a write be sent that was not sent before, and note how it ends. Raises TransportError, UsageError."""
        self._refuse_repeat()
        self._note(SENT)
        try:
            yield
        except ConnectorError as error:
            self._note(error.outcome)
            raise
        self._note("done")

    def _refuse_repeat(self) -> None:
        """Raise an error when an earlier attempt did the write, or may have done it.

        What may have been done is told in a first run. A person who executes that run again has been told, and a call
        that Dagster repeats by itself is refused again.
        """
        run, state = self._find_last_state()
        if state == "done":
            message = f"{self.action}: an earlier attempt of the step {self.step} did this already; nothing was sent."
            hint = "Let each write be the only call of its op or asset, and start a new run to do it once more."
            raise UsageError(message, hint=hint)
        is_told = state == "uncertain" and run != self.lineage[0] and AUTOMATIC_TAG not in self.lineage[0].tags
        if state in (SENT, "uncertain") and not is_told:
            self._note("uncertain")
            raise build_cut_off_error(self.action)

    def _find_last_state(self) -> tuple[dg.DagsterRun | None, str | None]:
        """Return how the write stands, and the run that noted it; None for a write of which nothing is noted."""
        for run in self.lineage:
            for entry in reversed(self.instance.all_logs(run.run_id, of_type=dg.DagsterEventType.ENGINE_EVENT)):
                metadata = entry.dagster_event.engine_event_data.metadata if entry.dagster_event else {}
                if _CALL in metadata and metadata[_CALL].value == self._name:
                    return run, str(metadata[_STATE].value)
        return None, None

    def _note(self, state: str) -> None:
        self.instance.report_engine_event(
            f"{self.action}: {state}",
            self.lineage[0],
            EngineEventData({_CALL: self._name, _STATE: state}),
            step_key=self.step,
        )

    @property
    def _name(self) -> str:
        return f"{self.step}:{self.number}"


def count_call(context: Context, action: str) -> StepCall | None:
    """Return the next call of a step; None where there is no run, as in a test that calls an asset's function."""
    op_context = context.op_execution_context
    try:
        step = op_context.get_step_execution_context().step.key
    except dg.DagsterError:
        return None
    _counts[op_context] = number = _counts.get(op_context, 0) + 1
    return StepCall(action, number, step, _find_lineage(op_context.run, op_context.instance), op_context.instance)


def _find_lineage(run: dg.DagsterRun, instance: dg.DagsterInstance) -> tuple[dg.DagsterRun, ...]:
    """Return a run and those that it executes again because they failed. Again after a success is work of its own."""
    lineage = [run]
    while parent_id := lineage[-1].parent_run_id:
        parent = instance.get_run_by_id(parent_id)
        if parent is None or parent.is_success:  # None: someone deleted it
            break
        lineage.append(parent)
    return tuple(lineage)
