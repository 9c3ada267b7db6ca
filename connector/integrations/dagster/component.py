"""An action as an asset, described in YAML with the words of a call file."""

# No annotations of the future here: Dagster reads the type of an asset's context from its parameter.

from typing import Any

import dagster as dg
import jmespath
from pydantic import Field

from connector.core.redaction import preview
from connector.core.response.result import Result
from connector.errors import InputError, Problem, UsageError
from connector.integrations.dagster.resource import (
    LONGEST_WAIT,
    ConnectorResource,
    build_failure,
    describe_metadata,
)
from connector.integrations.work import MAX_ATTEMPTS, find_problems, is_listing

# What the library of JMESPath raises for data that an expression does not fit.
_UNFIT = (jmespath.exceptions.JMESPathError, RecursionError, TypeError, ValueError, AttributeError, LookupError)


class CallComponent(dg.Component, dg.Resolvable, dg.Model):
    """An asset that is the reply of an action: its data, or all items where the action returns a list.

    `asset` is the asset's own: its key, group, description, and so on. `action`, `inputs`, `limit` and `page_size` are
    the call, `query` a JMESPath expression on its data; the others are the options of ConnectorResource. Loading it
    raises InputError with every problem of the call.
    """

    asset: dg.ResolvedAssetSpec
    action: str
    inputs: dict[str, Any] = {}
    query: str | None = None
    limit: int | None = None
    page_size: int | None = None
    connection: str | None = None
    folder: str | None = None
    timeout: str | None = None
    attempts: int = Field(default=MAX_ATTEMPTS, ge=1)
    longest_wait: float = Field(default=LONGEST_WAIT, ge=0)

    def build_defs(self, _: dg.ComponentLoadContext) -> dg.Definitions:
        """Return the asset. Raises InputError."""
        self._check()
        name = self.asset.key.to_python_identifier()
        output = dg.AssetOut.from_spec(self.asset.replace_attributes(deps=[]), dagster_type=dg.Any)

        @dg.multi_asset(name=name, outs={name: output}, deps=self.asset.deps, partitions_def=self.asset.partitions_def)
        def call(context: dg.AssetExecutionContext) -> dg.MaterializeResult[Any]:
            result = self._read(context)
            if not result.complete:
                context.log.warning("%s: the list is not complete.", self.action)
            metadata = describe_metadata(context, result)
            data = result.data if self.query is None else self._select(self.query, result.data)
            return dg.MaterializeResult(value=data, metadata=metadata)

        return dg.Definitions(assets=[call])

    def _check(self) -> None:
        options = {"timeout": self.timeout, "limit": self.limit, "page_size": self.page_size}
        problems = find_problems(self.action, self.inputs, folder=self.folder, **options)
        if self.query is not None:
            try:
                jmespath.compile(self.query)
            except (jmespath.exceptions.JMESPathError, RecursionError):
                expected = "a JMESPath expression (https://jmespath.org)"
                problems.append(Problem("query", preview(self.query), expected, "write one such as [].email"))
        if problems:
            raise InputError.from_problems(self.action, problems)

    def _read(self, context: dg.AssetExecutionContext) -> Result:
        resource = ConnectorResource(
            connection=self.connection,
            folder=self.folder,
            timeout=self.timeout,
            attempts=self.attempts,
            longest_wait=self.longest_wait,
        )
        if is_listing(self.action, folder=self.folder):
            return resource.read_list(self.action, self.inputs, limit=self.limit, page_size=self.page_size)
        return resource.run(context, self.action, self.inputs)

    def _select(self, query: str, data: Any) -> Any:
        """Return what the query selects. Raises Failure: the call was made, and another one would not mend it."""
        try:
            return jmespath.search(query, data)
        except _UNFIT as error:
            message = f"{self.action} succeeded; the query does not fit its data ({type(error).__name__})."
            raise build_failure(UsageError(message, outcome="done", hint="Correct the query.")) from None
