"""Run a chain with one client."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING

from connector.runtime.bulk.journal import Journal
from connector.runtime.chain.chain_file import parse_options
from connector.runtime.chain.chain_run import ChainRun

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping

    from connector.core.chain.chain import Chain
    from connector.core.response.result import Result
    from connector.runtime.calls.caller import Caller


def run_chain(
    caller: Caller, chain: Chain, journal: str | os.PathLike[str] | None, settle: Mapping[str, str] | None
) -> Result:
    """Run a chain, or the rest of it, and return what it keeps. Raises ConnectorError."""
    with contextlib.ExitStack() as stack:
        opened = None
        if journal is not None:
            header = {"connector": caller.connector.name, "chain": True}
            opened = stack.enter_context(Journal(Path(journal), header, lambda: len(chain.steps)))
        return ChainRun(chain, lambda step: (caller, parse_options(step)), opened, settle or {}).run()
