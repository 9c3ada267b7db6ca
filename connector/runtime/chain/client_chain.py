"""Run a chain with one client, in threads or beside an event loop."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from connector.errors import UsageError
from connector.runtime.bulk.journal import Journal
from connector.runtime.bulk.journal_file import STEPS
from connector.runtime.calls.caller import CallChecker
from connector.runtime.chain.chain_file import load_chain, parse_options
from connector.runtime.chain.chain_run import ChainRun
from connector.runtime.process.fork_safety import ForkSafeLock

if TYPE_CHECKING:
    import os
    from collections.abc import Coroutine, Mapping
    from concurrent.futures import Future

    from connector.core.chain.chain import Chain
    from connector.core.response.result import Result
    from connector.definition.loader import Connector
    from connector.runtime.calls.call_file import CallSource
    from connector.runtime.calls.call_options import CallOptions
    from connector.runtime.calls.caller import Caller

    FilePath = str | os.PathLike[str]
    Settled = Mapping[str, Any]


class TaskCaller(CallChecker, Protocol):
    """The face of a client of an event loop."""

    def execute(
        self, action: str | None, given: Mapping[str, Any] | None, options: CallOptions
    ) -> Coroutine[Any, Any, Result]:
        """Make a call. Raises ConnectorError."""
        ...


def load_steps(
    call: CallSource, connector: Connector, *, inputs: Mapping[str, Any] | None, **words: Any
) -> Chain | None:
    """Return the chain of a file or mapping; None where it holds a call, which takes none of a chain's words.

    Raises DefinitionError with every problem, UsageError.
    """
    chain = load_chain(call, connector, inputs)
    if chain is None and (inputs or any(words.values())):
        raise UsageError("journal, settle and inputs are for files with steps.", hint="Leave them out.")
    return chain


def run_chain(caller: Caller, chain: Chain, journal: FilePath | None, settle: Settled | None) -> Result:
    """Run a chain, or the rest of it, and return what it keeps. Raises ConnectorError."""
    with contextlib.ExitStack() as stack:
        opened = None
        if journal is not None:
            header = {"connector": caller.connector.name, "chain": True}
            opened = stack.enter_context(Journal(Path(journal), header, lambda: len(chain.steps), STEPS))
        return ChainRun(chain, lambda step: (caller, parse_options(step)), opened, settle or {}).run()


async def run_chain_in_tasks(
    caller: TaskCaller, chain: Chain, journal: FilePath | None, settle: Settled | None
) -> Result:
    """As `run_chain`: the calls are tasks of this loop, the journal is written beside it.

    When this is cancelled, so are the calls that are on their way; no other begins.
    """
    bridge = _LoopBridge(caller, asyncio.get_running_loop())
    running = asyncio.ensure_future(asyncio.to_thread(run_chain, bridge, chain, journal, settle))
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        bridge.stop()
        with contextlib.suppress(Exception):
            await running  # notes the outcome of what was on its way
        raise


class _LoopBridge:
    """Makes the calls of threads as tasks of a loop."""

    def __init__(self, caller: TaskCaller, loop: asyncio.AbstractEventLoop) -> None:
        self.connector = caller.connector
        self.dry_run = caller.dry_run
        self._caller, self._loop = caller, loop
        self._lock = ForkSafeLock()
        self._pending: set[Future[Result]] = set()
        self._is_stopped = False

    def execute(self, action: str | None, given: Mapping[str, Any] | None, options: CallOptions) -> Result:
        """Make a call. Raises ConnectorError."""
        with self._lock:
            if self._is_stopped:
                raise UsageError("The chain was cancelled.", hint="Run it again with its journal to go on.")
            future = asyncio.run_coroutine_threadsafe(self._caller.execute(action, given, options), self._loop)
            self._pending.add(future)
        try:
            return future.result()
        finally:
            self._pending.discard(future)

    def stop(self) -> None:
        """Cancel the calls that are on their way; no other begins."""
        with self._lock:
            self._is_stopped = True
        for future in list(self._pending):
            future.cancel()
