"""An action as an op, whose configuration is the call."""

# No annotations of the future here: Dagster reads the type of an op's configuration from its parameter.

from typing import Any

import dagster as dg
from pydantic import Field

from connector.integrations.dagster.resource import LONGEST_WAIT, ConnectorResource, describe_metadata
from connector.integrations.work import MAX_ATTEMPTS, describe_result


class CallConfig(dg.Config):
    """A call: the words of a call file, `action` and `inputs`, and the options of ConnectorResource."""

    action: str
    inputs: dict[str, Any] = {}
    connection: str | None = None
    folder: str | None = None
    timeout: str | None = None
    attempts: int = Field(default=MAX_ATTEMPTS, ge=1)
    longest_wait: float = Field(default=LONGEST_WAIT, ge=0)


@dg.op(name="connector_run")
def connector_run(context: dg.OpExecutionContext, config: CallConfig) -> dict[str, Any]:
    """Run an action; return its result as a dict, without the headers of the reply."""
    options = config.model_dump(exclude={"action", "inputs"})
    result = ConnectorResource(**options).run(context, config.action, config.inputs)
    context.add_output_metadata(describe_metadata(context, result))
    return describe_result(result)
