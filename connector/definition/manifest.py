"""The model of manifest.yaml: what all actions of a connector share."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Literal, Self

from pydantic import ConfigDict, Field, JsonValue, StringConstraints, model_validator

from connector.definition.case import to_snake_case
from connector.definition.connection_type import ConnectionTest, ConnectionType
from connector.definition.error_format import ErrorFormat, Scalar
from connector.definition.fields import Key, StrictModel, Text
from connector.definition.pagination import PaginationSettings
from connector.definition.rates import RateLimits
from connector.definition.resource import ResourceDefinition
from connector.definition.trigger import Trigger

if TYPE_CHECKING:
    from pydantic.config import JsonDict


class RedactionRules(StrictModel):
    """Fields of bodies and parameters of URLs to redact, beyond inputs of type password."""

    fields: list[Text] = []
    query: list[Text] = []


class Idempotency(StrictModel):
    """The header that makes repeating a write safe."""

    header: Text


_HEADER_SCHEMA: JsonDict = {"required": ["header"], "properties": {"header": {"type": "string"}}}


class Subaccounts(StrictModel):
    """How a request acts on a sub-account: by a prefix of its path, or by a header with the account's id."""

    model_config = ConfigDict(json_schema_extra={"oneOf": [{"required": ["prefix"]}, _HEADER_SCHEMA]})

    prefix: Text = Field(default="", description="The prefix of the path: /accounts/{accountId}.")
    header: Text | None = Field(default=None, description="The header with the account's id.")

    @model_validator(mode="after")
    def _check_prefix_or_header(self) -> Self:
        if bool(self.prefix) == bool(self.header):
            raise ValueError("give either `prefix` or `header`")
        return self


class ErrorReply(StrictModel):
    """An error reply of the service."""

    status: int = 404
    code: Scalar | None = None
    message: Text


class SandboxSettings(StrictModel):
    """Error replies of the sandbox."""

    missing: ErrorReply | None = Field(default=None, description="For a record that does not exist.")
    invalid: ErrorReply | None = Field(default=None, description="For an invalid request.")


class Manifest(StrictModel):
    """What all actions of a connector share."""

    format: Literal[1] = Field(default=1, description="The version of the file format.")
    connector: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]
    version: Annotated[str, StringConstraints(pattern=r"^\d+\.\d+\.\d+$")] | None = Field(
        default=None, description="The connector's own version: 1.0.0."
    )
    label: Text
    summary: Text
    docs: Text | None = None
    base_url: Annotated[str, StringConstraints(pattern=r"^https://")]
    allowed_hosts: list[Text] = Field(
        default=[], description="Hosts that may receive credentials, also after a redirect."
    )
    connections: dict[Key, ConnectionType] = {}
    test: ConnectionTest | None = Field(
        default=None, description="The call that tests a connection whose type has no test of its own."
    )
    scope_levels: list[Text] = Field(
        default=[], description="Endings that only widen a scope: with `admin`, x:read:admin includes x:read."
    )
    constants: dict[str, JsonValue] = Field(default={}, description="Constant values of every request, by place.")
    pagination: PaginationSettings = PaginationSettings()
    subaccounts: Subaccounts | None = None
    errors: ErrorFormat = ErrorFormat()
    redact: RedactionRules = RedactionRules()
    rates: RateLimits = RateLimits()
    idempotency: Idempotency | None = None
    triggers: dict[Key, Trigger] = {}
    resources: dict[Key, ResourceDefinition] = Field(
        default={}, description="The kinds of record that the service keeps."
    )
    sandbox: SandboxSettings = SandboxSettings()

    @cached_property
    def environment_variables(self) -> dict[str, str]:
        """Environment variable -> input, of all connection types: NAME_CLIENT_ID -> clientId."""
        inputs = {key for connection_type in self.connections.values() for key in connection_type.inputs}
        return {f"{self.connector}_{to_snake_case(key)}".upper(): key for key in sorted(inputs)}

    def find_connection_test(self, kind: str) -> ConnectionTest | None:
        """Return the test of a connection type: its own, else the manifest's; None where there is none."""
        connection_type = self.connections[kind]
        return connection_type.test if "test" in connection_type.model_fields_set else self.test
