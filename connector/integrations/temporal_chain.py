"""Temporal: a chain of calls as one durable workflow, each call of it one activity.

Give `ChainPlugin()` to the workers in the place of ConnectorPlugin, and start the workflow `connector.chain`, or await
`run_chain` in one of your own; it needs the extra `temporal`. There is no other journal: what the server recorded is
replayed into the order of the chain.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from temporalio import activity, workflow
from temporalio.exceptions import ActivityError, ApplicationError

from connector.core.chain.steps import order_steps
from connector.errors import ConnectorError
from connector.integrations.chain_work import (
    DEFAULT_CONCURRENCY,
    build_chain,
    check_chain,
    choose_options,
    take_data,
)
from connector.integrations.temporal import ConnectorPlugin, find_error, run_action
from connector.integrations.work import LONGEST_WAIT, MAX_ATTEMPTS

if TYPE_CHECKING:
    from connector.core.chain.steps import StepCalls

CHECK = "connector.check_chain"
WORKFLOW = "connector.chain"
_CHECK_TIMEOUT = 60.0  # seconds


@activity.defn(name=CHECK)
async def check_steps(chain: dict[str, Any], inputs: dict[str, Any] | None, folder: str | None) -> dict[str, Any]:
    """Hold a chain against the definitions of its connector, which a workflow cannot read, before its first call."""
    try:
        return await asyncio.to_thread(check_chain, chain, inputs, folder)
    except ConnectorError as error:
        raise _build_failure(error) from None


@workflow.defn(name=WORKFLOW)
class RunChain:
    """One chain: the mapping of a call file with `steps`, and the options of `run_chain`."""

    @workflow.run
    async def run(self, chain: dict[str, Any], options: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return what the chain keeps."""
        return await run_chain(chain, **(options or {}))


class ChainPlugin(ConnectorPlugin):
    """What a worker takes that runs chains: also what ConnectorPlugin gives."""

    def __init__(self) -> None:
        super().__init__(check_steps, workflows=[RunChain])


async def run_chain(
    chain: dict[str, Any],
    *,
    inputs: dict[str, Any] | None = None,
    connection: str | None = None,
    folder: str | None = None,
    attempts: int = MAX_ATTEMPTS,
    longest_wait: float = LONGEST_WAIT,
) -> dict[str, Any]:
    """Run a chain from a workflow: the mapping of a call file with `steps`; return what it keeps.

    `inputs` take the place of those that the file has, `connection` is that of the steps that name none; the other
    options are those of `run_action`. Raises ApplicationError or ActivityError: `find_error` has the ConnectorError
    that ended it, which names the step. A write that may have been done is never repeated.
    """
    checked: dict[str, Any] = await workflow.execute_activity(
        CHECK,
        args=[chain, inputs, folder],
        result_type=dict[str, Any],
        start_to_close_timeout=timedelta(seconds=_CHECK_TIMEOUT),
    )
    options = {"connection": connection, "folder": folder, "attempts": attempts, "longest_wait": longest_wait}
    try:
        return await _run_steps(checked, options)
    except ConnectorError as error:
        raise _build_failure(error) from None


async def _run_steps(checked: dict[str, Any], options: dict[str, Any]) -> dict[str, Any]:
    """Run the steps in order. Raises ConnectorError."""
    steps, answer = order_steps(build_chain(checked)), None
    while True:
        try:
            calls = steps.send(answer)
        except StopIteration as end:
            kept: dict[str, Any] = end.value
            return kept
        answer = await _run_step(calls, choose_options(calls.step, options))


async def _run_step(calls: StepCalls, options: dict[str, Any]) -> list[Any]:
    """Run the calls of a step, so many at a time; return their data. Raises the error of the worst that fails."""
    outcomes: dict[int, dict[str, Any] | ConnectorError] = {}
    failed: list[ConnectorError] = []
    waiting = iter(zip(calls.numbers, calls.given, strict=True))

    async def run_calls() -> None:
        for number, given in waiting:
            if failed:
                return
            try:
                outcomes[number] = await run_action(calls.step.action, given, **options)
            except ActivityError as failure:
                error = find_error(failure)
                if error is None:  # it was cancelled
                    raise
                outcomes[number] = error
                failed.append(error)

    concurrency = min(calls.step.concurrency or DEFAULT_CONCURRENCY, len(calls.given))
    await asyncio.gather(*(run_calls() for _ in range(concurrency)))
    return take_data(calls, outcomes)


def _build_failure(error: ConnectorError) -> ApplicationError:
    return ApplicationError(str(error), error.to_dict(), type=type(error).__name__, non_retryable=True)
