"""The manifest: what all actions of a connector share."""

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
    """The call that tests a connection: a GET that changes nothing, and what of its reply says who is connected."""

    action: Key = Field(description="The action to run; of a listing one item is asked for.")
    inputs: dict[str, JsonValue] = Field(default={}, description="What is given to it.")
    identity_fields: list[Text] = Field(default=[], description="Fields of the reply that say who is connected.")


class ConnectionType(StrictModel):
    """One way to sign in, and what it asks for."""

    label: Text
    kind: ConnectionTypeName
    client_auth: Literal["basic", "body"] = "basic"
    allowed_actions: list[Key] | None = Field(default=None, description="The actions it may run; all when absent.")
    to: Annotated[str, StringConstraints(pattern=r"^(header|query)\.\S+$")] | None = Field(
        default=None, description="Where an api_key goes: header.X or query.x"
    )
    unsupported_aliases: list[Text] = Field(
        default=[], description="Path aliases, such as `me`, that this connection type does not support."
    )
    test: ConnectionTest | None = Field(
        default=None, description="The call that tests a connection of this kind; null where none of the actions can."
    )
    inputs: dict[Key, FormField] = {}


class PaginationSettings(StrictModel):
    """How a list hands out its next page; every word may be overridden by an action."""

    style: Literal["cursor", "page_number", "offset", "link_header", "last_item"] | None = None
    next: Text | None = Field(
        default=None, description="Where the reply has the next cursor, or `last_item` its field."
    )
    cursor_param: Text | None = Field(default=None, description="Where the next request carries it: query.x or body.x")
    size_param: Text | None = Field(default=None, description="Where the page size goes.")
    max_size: int | None = Field(default=None, gt=0, description="The largest page size.")
    first: int | None = Field(default=None, ge=0, description="The number of the first page, or offset.")
    has_more: Text | None = Field(default=None, description="The field that says whether there is more.")


class ErrorRule(StrictModel):
    """What an error of the service means; the first that matches wins."""

    category: Literal[
        "token_rejected", "scope", "cursor_expired", "daily_quota", "concurrency", "rate_limit", "not_found"
    ]
    status: int | list[int] | None = None
    code: Scalar | list[Scalar] | None = None
    message: Text | None = Field(default=None, description="A part of the message, in any case.")
    header: Text | None = Field(default=None, description="A header that must be there: name, or name=value.")
    names: Text | None = Field(default=None, description="A regular expression whose group names the scopes.")


class ErrorFormat(StrictModel):
    """Where a reply says what went wrong, and what that means."""

    code: Text | None = None
    message: Text | None = None
    fields: Text | None = None
    request_id: Text | None = Field(default=None, description="header.X with the id of a reply.")
    also_in_2xx: bool = Field(default=False, description="Errors may come with a status of success.")
    rules: list[ErrorRule] = []
    hints: dict[str, str] = Field(default={}, description="What to do about a code.")


class RedactionRules(StrictModel):
    """Fields of bodies and parameters of URLs that are never shown, beyond inputs of type password."""

    fields: list[Text] = []
    query: list[Text] = []


class Quota(StrictModel):
    """A limit of its own, by the value at a place."""

    limit: Text = Field(description="How many in what time: 100/day")
    by: Text = Field(description="The place of the value: path.x, query.x, body.x")
    reset: Text | None = Field(default=None, description="When a day begins, in UTC; 00:00Z when absent.")


class RateLimits(StrictModel):
    """How the service counts calls: `30/s 30000/day` by tier and plan."""

    account: Text | None = Field(
        default=None, description="The input of a connection that says its account: connection.accountId"
    )
    plans: dict[str, dict[str, Text]] = Field(default={}, description="The tiers of each plan.")
    quotas: dict[str, Quota] = Field(default={}, description="Limits by a value, whatever the plan.")

    def has_rate(self, name: str) -> bool:
        """Whether a rate is a tier of some plan, or a cap on the whole account."""
        if name in self.quotas:
            return self.quotas[name].by.startswith("connection.")
        return any(name in tiers for tiers in self.plans.values())


class Idempotency(StrictModel):
    """The header that makes a repeated write safe, where the service has one."""

    header: Text


_HEADER_SCHEMA: JsonDict = {"required": ["header"], "properties": {"header": {"type": "string"}}}


class Subaccounts(StrictModel):
    """How a request acts on a sub-account: by what goes before its path, or by a header with the account's id."""

    model_config = ConfigDict(json_schema_extra={"oneOf": [{"required": ["prefix"]}, _HEADER_SCHEMA]})

    prefix: Text = Field(default="", description="What goes before the path: /accounts/{accountId}")
    header: Text | None = Field(default=None, description="The header that names the account.")

    @model_validator(mode="after")
    def _check_prefix_or_header(self) -> Self:
        if bool(self.prefix) == bool(self.header):
            raise ValueError("give `prefix` or `header`, one of them")
        return self


class Signature(StrictModel):
    """How deliveries are signed."""

    header: Text
    timestamp: Text | None = None
    id: Text | None = None
    payload: Text
    format: Text
    separator: Text | None = None
    digest: Literal["hex", "base64"] = "hex"
    secret: Literal["text", "base64"] = Field("text", description="How the secret is written.")
    secret_prefix: Text | None = None


class ChallengeFormat(StrictModel):
    """How the service asks whether the receiver knows the secret."""

    event: Text
    read: Text
    reply: dict[str, str]


class EventFields(StrictModel):
    """Where an event says its name, time, account and object."""

    name: Text
    at: Text | None = None
    unit: Literal["s", "ms"] = "s"
    account: Text | None = None
    object: Text | None = None


class Trigger(StrictModel):
    """A webhook: what it asks for, how it is checked, what an event looks like."""

    label: Text
    summary: Text
    inputs: dict[Key, FormField] = {}
    signature: Signature
    challenge: ChallengeFormat | None = None
    event: EventFields
    dedupe: list[Text] = []
    max_age: int | None = Field(default=None, gt=0, description="Seconds a delivery stays good.")


class EmittedEvents(StrictModel):
    """The events that changes of a resource cause, by name: one or several for each change."""

    created: Text | list[Text] = Field(default=[], description="When one was created.")
    updated: Text | list[Text] = Field(default=[], description="When one was changed.")
    deleted: Text | list[Text] = Field(default=[], description="When one was deleted.")
    within: Text | None = Field(
        default=None,
        description="The field of the event's object that holds the resource; the object is then its parent.",
    )

    @property
    def event_names_by_change(self) -> dict[str, list[str]]:
        """The names of the events, by change."""
        declared = {"created": self.created, "updated": self.updated, "deleted": self.deleted}
        return {change: [names] if isinstance(names, str) else names for change, names in declared.items()}


class ResourceDefinition(StrictModel):
    """A kind of thing that the service keeps: where it is listed and found, and what names it."""

    listing: Text | None = Field(default=None, alias="list")
    item: Text | None = None
    id: Text
    new_id: Literal["text", "integer", "uuid"] = "text"
    id_prefix: str = Field(default="", description="What a new id begins with: cus_")
    parent: Key | None = Field(default=None, description="The resource that it belongs to.")
    parent_id: Text | None = Field(default=None, description="The field that holds its parent's id.")
    list_id: Text | None = Field(
        default=None, description="The field of a listed item that holds the id, if not `id`'s."
    )
    lookup_fields: list[Text] = Field(default=[], description="Other fields that a path may name it by.")
    aliases: dict[str, str] = Field(default={}, description="Words that stand for an id in a path: me -> the id.")
    events: EmittedEvents | None = Field(default=None, description="The events that its changes cause.")
    seed: list[dict[str, JsonValue]] = Field(default=[], description="Records that the sandbox has from the start.")


class ErrorReply(StrictModel):
    """An error as the service words it."""

    status: int = 404
    code: Scalar | None = None
    message: Text


class SandboxSettings(StrictModel):
    """How the sandbox refuses what the service would refuse."""

    missing: ErrorReply | None = Field(default=None, description="For a record that is not there.")
    invalid: ErrorReply | None = Field(default=None, description="For a request that does not fit.")


class Manifest(StrictModel):
    """What all actions of a connector share."""

    format: Literal[1] = Field(default=1, description="The version of this file format.")
    connector: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]
    version: Annotated[str, StringConstraints(pattern=r"^\d+\.\d+\.\d+$")] | None = Field(
        default=None, description="The connector's own version: 1.0.0"
    )
    label: Text
    summary: Text
    docs: Text | None = None
    base_url: Annotated[str, StringConstraints(pattern=r"^https://")]
    allowed_hosts: list[Text] = Field(default=[], description="Where credentials may go, on every hop.")
    connections: dict[Key, ConnectionType] = {}
    test: ConnectionTest | None = Field(
        default=None, description="The call that tests a connection of any kind that has no own."
    )
    scope_levels: list[Text] = Field(
        default=[], description="Words that at the end of a scope only widen it: x:read:admin is a wider x:read."
    )
    constants: dict[str, JsonValue] = Field(default={}, description="Constants of every request, by place.")
    pagination: PaginationSettings = PaginationSettings()
    subaccounts: Subaccounts | None = None
    errors: ErrorFormat = ErrorFormat()
    redact: RedactionRules = RedactionRules()
    rates: RateLimits = RateLimits()
    idempotency: Idempotency | None = None
    triggers: dict[Key, Trigger] = {}
    resources: dict[Key, ResourceDefinition] = Field(default={}, description="What the service keeps.")
    sandbox: SandboxSettings = SandboxSettings()

    @cached_property
    def environment_variables(self) -> dict[str, str]:
        """Environment variable -> connection input, for every connection: NAME_CLIENT_ID -> clientId."""
        inputs = {key for connection_type in self.connections.values() for key in connection_type.inputs}
        return {f"{self.connector}_{to_snake_case(key)}".upper(): key for key in sorted(inputs)}

    def find_connection_test(self, kind: str) -> ConnectionTest | None:
        """Return the call that tests a connection of a kind, its own or that of all; None where there is none."""
        connection_type = self.connections[kind]
        return connection_type.test if "test" in connection_type.model_fields_set else self.test
