"""What engines share that run a chain as a durable workflow, and each of its calls as a piece of work of its own."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from connector.core.chain.chain import write_chain
from connector.core.chain.form import ChainReader
from connector.core.exchange.retry import RETRY_INPUTS
from connector.definition.loader import read_bytes
from connector.definition.parsers import strict_yaml
from connector.errors import UsageError
from connector.integrations.work import open_connector
from connector.runtime.chain.chain_file import load_chain, parse_options

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping

    from connector.core.chain.chain import Chain, Step
    from connector.core.chain.steps import StepCalls
    from connector.errors import ConnectorError

DEFAULT_CONCURRENCY = 8
_MAX_RETRIES = RETRY_INPUTS[0]


def read_chain_file(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Return the mapping of a file with `steps`, as JSON: times stay texts. Raises DefinitionError."""
    return dict(strict_yaml.read(read_bytes(Path(path)), str(path)).data or {})


def check_chain(
    chain: Mapping[str, Any], inputs: Mapping[str, Any] | None = None, folder: str | os.PathLike[str] | None = None
) -> dict[str, Any]:
    """Hold the mapping of a file with `steps` against its connector; return what `build_chain` takes, as JSON.

    It has the values of variables of the environment, as the history of an engine has all inputs. Raises
    DefinitionError with every problem, UsageError for a call.
    """
    found = load_chain(chain, open_connector(folder), inputs)
    if found is None:
        raise UsageError("This is a call, not a chain.", hint="Give a mapping with `steps`.")
    return {"chain": write_chain(found), "inputs": dict(found.inputs)}


def build_chain(checked: Mapping[str, Any]) -> Chain:
    """Return the chain that was checked: the same for the same data, and without touching anything."""
    return ChainReader(strict_yaml.Document("the chain", checked["chain"]), lambda _: None, checked["inputs"]).read()


def choose_options(step: Step, options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options of a step's calls: its own, before those of the whole chain.

    `maxRetries` of its `retry` is one less than the attempts that the engine makes.
    """
    parsed = parse_options(step).retry
    own: dict[str, Any] = dict(step.options)
    if parsed is not None and _MAX_RETRIES in parsed.values:
        own["attempts"] = parsed.values[_MAX_RETRIES] + 1
    return {**options, **own}


def take_data(calls: StepCalls, outcomes: Mapping[int, dict[str, Any] | ConnectorError]) -> list[Any]:
    """Return the data of a step's calls, by their numbers. Raises the error of the worst, which names the call."""
    failed = [(number, one) for number, one in outcomes.items() if not isinstance(one, dict)]
    for number, error in sorted(failed, key=lambda pair: (pair[1].outcome != "uncertain", pair[0])):
        error.args = (f"Step {calls.describe(number)}: {error.args[0]}", *error.args[1:])
        raise error
    results = [outcomes[number] for number in calls.numbers]
    return [result["data"] for result in results if isinstance(result, dict)]
