"""DBOS: a chain of calls as one durable workflow, each call of it a workflow of its own below it.

Import it before `DBOS.launch()`, so that every worker knows the workflow; it needs the extra `dbos`. There is no other
journal: what DBOS recorded is replayed into the order of the chain.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dbos import DBOS

from connector.core.chain.steps import order_steps
from connector.errors import ConnectorError, from_dict
from connector.integrations.chain_work import (
    DEFAULT_CONCURRENCY,
    build_chain,
    check_chain,
    choose_options,
    take_data,
)
from connector.integrations.dbos import run_action
from connector.integrations.work import LONGEST_WAIT, MAX_ATTEMPTS, describe_error

if TYPE_CHECKING:
    from connector.core.chain.steps import StepCalls


@DBOS.step(name="connector.check_chain")
def _check(chain: dict[str, Any], inputs: dict[str, Any] | None, folder: str | None) -> dict[str, Any]:
    """Check a chain once: a worker that goes on with it later has the same steps and variables."""
    try:
        return check_chain(chain, inputs, folder)
    except ConnectorError as error:
        return describe_error(error)


@DBOS.workflow(name="connector.chain")
def run_chain(
    chain: dict[str, Any],
    *,
    inputs: dict[str, Any] | None = None,
    connection: str | None = None,
    folder: str | None = None,
    attempts: int = MAX_ATTEMPTS,
    longest_wait: float = LONGEST_WAIT,
) -> dict[str, Any]:
    """Run a chain durably: the mapping of a call file with `steps`; return what it keeps.

    `inputs` take the place of those that the file has, `connection` is that of the steps that name none; the other
    options are those of `run_action`. Raises DefinitionError before the first call, and the ConnectorError of the call
    that ended it, which names the step: a write that may have been done is never repeated.
    """
    checked = _check(chain, inputs, folder)
    if "error" in checked:
        raise from_dict(checked["error"])
    options = {"connection": connection, "folder": folder, "attempts": attempts, "longest_wait": longest_wait}
    steps, answer = order_steps(build_chain(checked)), None
    while True:
        try:
            calls = steps.send(answer)
        except StopIteration as end:
            kept: dict[str, Any] = end.value
            return kept
        answer = _run_step(calls, choose_options(calls.step, options))


def _run_step(calls: StepCalls, options: dict[str, Any]) -> list[Any]:
    """Run the calls of a step, so many at a time; return their data. Raises the error of the worst that fails."""
    outcomes: dict[int, dict[str, Any] | ConnectorError] = {}
    numbered = list(zip(calls.numbers, calls.given, strict=True))
    size = calls.step.concurrency or DEFAULT_CONCURRENCY
    for batch in (numbered[begin : begin + size] for begin in range(0, len(numbered), size)):
        handles = [
            (number, DBOS.start_workflow(run_action, calls.step.action, given, **options)) for number, given in batch
        ]
        outcomes |= {number: _read_outcome(handle) for number, handle in handles}
        if any(isinstance(one, ConnectorError) for one in outcomes.values()):
            break
    return take_data(calls, outcomes)


def _read_outcome(handle: Any) -> dict[str, Any] | ConnectorError:
    """Return the result of a call, or the error that ended it."""
    try:
        result: dict[str, Any] = handle.get_result()
    except ConnectorError as error:
        return error
    return result
