"""The model of manifest.yaml: what all actions of a connector share."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Literal, Self

from pydantic import ConfigDict, Field, JsonValue, StringConstraints, model_validator

from connector.definition.case import to_snake_case
from connector.definition.fields import FormField, Key, StrictModel, Text

if TYPE_CHECKING:
    from pydantic.config import JsonDict

Scalar = str | int
ConnectionTypeName = Literal[
    "oauth2", "oauth2_account_credentials", "oauth2_client_credentials", "jwt_hs256", "bearer", "api_key", "basic"
]


class ConnectionTest(StrictModel):
    """The GET that tests a connection, and the fields of its reply that identify the account."""

    action: Key = Field(description="The action to run; a list is asked for one item.")
    inputs: dict[str, JsonValue] = Field(default={}, description="The inputs of the action.")
    identity_fields: list[Text] = Field(default=[], description="Fields of the reply that identify the account.")


class ConnectionType(StrictModel):
    """One way to sign in, and its inputs."""

    label: Text
    kind: ConnectionTypeName
    client_auth: Literal["basic", "body"] = "basic"
    allowed_actions: list[Key] | None = Field(default=None, description="The actions it may run; all when absent.")
    to: Annotated[str, StringConstraints(pattern=r"^(header|query)\.\S+$")] | None = Field(
        default=None, description="Where an api_key goes: header.X or query.x."
    )
    unsupported_aliases: list[Text] = Field(
        default=[], description="Path aliases, such as `me`, that this connection type does not support."
    )
    test: ConnectionTest | None = Field(
        default=None, description="The call that tests a connection of this type; null where no action can."
    )
    inputs: dict[Key, FormField] = {}


class PaginationSettings(StrictModel):
    """How lists are paged; an action may override every key."""

    style: Literal["cursor", "page_number", "offset", "link_header", "last_item"] | None = None
    next: Text | None = Field(
        default=None, description="Where the reply has the next cursor; with last_item, a field of the item."
    )
    cursor_param: Text | None = Field(
        default=None, description="Where the next request has the cursor: query.x or body.x."
    )
    size_param: Text | None = Field(default=None, description="Where a request has the page size.")
    max_size: int | None = Field(default=None, gt=0, description="The largest page size.")
    first: int | None = Field(default=None, ge=0, description="The first page number, or offset.")
    has_more: Text | None = Field(default=None, description="The field that says whether there are more pages.")


class ErrorRule(StrictModel):
    """Which errors of the service belong to a category; the first rule that matches wins."""

    category: Literal[
        "token_rejected", "scope", "cursor_expired", "daily_quota", "concurrency", "rate_limit", "not_found"
    ]
    status: int | list[int] | None = None
    code: Scalar | list[Scalar] | None = None
    message: Text | None = Field(default=None, description="A part of the message, in any letter case.")
    header: Text | None = Field(default=None, description="A header of the reply: name, or name=value.")
    names: Text | None = Field(
        default=None, description="A regular expression whose first group names the missing scopes."
    )


class ErrorFormat(StrictModel):
    """Where a reply has the details of an error, and what these mean."""

    code: Text | None = None
    message: Text | None = None
    fields: Text | None = None
    request_id: Text | None = Field(default=None, description="The header with the request's id: header.X.")
    also_in_2xx: bool = Field(default=False, description="Whether errors may have a status of 2xx.")
    rules: list[ErrorRule] = []
    hints: dict[str, str] = Field(default={}, description="What to do about an error, by code.")


class RedactionRules(StrictModel):
    """Fields of bodies and parameters of URLs to redact, beyond inputs of type password."""

    fields: list[Text] = []
    query: list[Text] = []


class Quota(StrictModel):
    """A limit for each value at a place of the request."""

    limit: Text = Field(description="Calls and time: 100/day.")
    by: Text = Field(description="Where the value is: path.x, query.x, body.x or connection.x.")
    reset: Text | None = Field(default=None, description="When a day begins, in UTC; 00:00Z when absent.")


class RateLimits(StrictModel):
    """How the service limits calls: `30/s 30000/day` by plan and tier."""

    account: Text | None = Field(
        default=None, description="The connection's input that identifies the account: connection.accountId."
    )
    plans: dict[str, dict[str, Text]] = Field(default={}, description="The rate of each tier, by plan.")
    quotas: dict[str, Quota] = Field(default={}, description="Limits for each value at a place, in every plan.")

    def has_rate(self, name: str) -> bool:
        """Whether a rate is a tier of some plan, or a quota of the whole account."""
        if name in self.quotas:
            return self.quotas[name].by.startswith("connection.")
        return any(name in tiers for tiers in self.plans.values())


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


class Signature(StrictModel):
    """How the service signs deliveries."""

    header: Text
    timestamp: Text | None = None
    id: Text | None = None
    payload: Text
    format: Text
    separator: Text | None = None
    digest: Literal["hex", "base64"] = "hex"
    secret: Literal["text", "base64"] = Field(default="text", description="How the secret is written.")
    secret_prefix: Text | None = None


class ChallengeFormat(StrictModel):
    """How the service asks the receiver to prove that it knows the secret."""

    event: Text
    read: Text
    reply: dict[str, str]


class EventFields(StrictModel):
    """Where an event has its name, time, account and object."""

    name: Text
    at: Text | None = None
    unit: Literal["s", "ms"] = "s"
    account: Text | None = None
    object: Text | None = None


class Trigger(StrictModel):
    """A webhook: its inputs, how deliveries are verified, and where events have their fields."""

    label: Text
    summary: Text
    inputs: dict[Key, FormField] = {}
    signature: Signature
    challenge: ChallengeFormat | None = None
    event: EventFields
    dedupe: list[Text] = []
    max_age: int | None = Field(default=None, gt=0, description="Maximum age of a delivery in seconds.")


class EmittedEvents(StrictModel):
    """Names of the events that changes of a resource cause: one or several for each change."""

    created: Text | list[Text] = Field(default=[], description="Sent after a record was created.")
    updated: Text | list[Text] = Field(default=[], description="Sent after a record was updated.")
    deleted: Text | list[Text] = Field(default=[], description="Sent after a record was deleted.")
    within: Text | None = Field(
        default=None, description="The field that holds the record, where the event's object is the record's parent."
    )

    @property
    def event_names_by_change(self) -> dict[str, list[str]]:
        """Change (created, updated or deleted) -> names of events."""
        declared = {"created": self.created, "updated": self.updated, "deleted": self.deleted}
        return {change: [names] if isinstance(names, str) else names for change, names in declared.items()}


class ResourceDefinition(StrictModel):
    """A kind of record that the service keeps: its paths, its id, its parent and its events."""

    listing: Text | None = Field(default=None, alias="list")
    item: Text | None = None
    id: Text
    new_id: Literal["text", "integer", "uuid"] = "text"
    id_prefix: str = Field(default="", description="The beginning of a new id: cus_.")
    parent: Key | None = Field(default=None, description="The resource that it belongs to.")
    parent_id: Text | None = Field(default=None, description="The field with its parent's id.")
    list_id: Text | None = Field(
        default=None, description="The field with the id in a list, where it is another than `id`."
    )
    lookup_fields: list[Text] = Field(default=[], description="Other fields that may stand for the id in a path.")
    aliases: dict[str, str] = Field(default={}, description="Names that stand for an id in a path: me -> the id.")
    events: EmittedEvents | None = Field(default=None, description="Events that its changes cause.")
    seed: list[dict[str, JsonValue]] = Field(default=[], description="Records that the sandbox starts with.")


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
