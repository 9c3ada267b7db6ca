"""The model of manifest.yaml: what all actions of a connector share."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from connector.definition.case import to_snake_case
from connector.definition.connection_type import (
    CLOUD_INPUT,
    Cloud,
    ConnectionTest,
    ConnectionType,
    HttpsUrl,
    find_placeholders,
)
from connector.definition.fields import Input
from connector.definition.inputs.named_types import NamedTypes, place_types_by_key
from connector.definition.inputs.request_location import RequestLocation
from connector.definition.lazy import cached_property
from connector.definition.pagination import PaginationSettings
from connector.definition.parsers.requirement import REQUIREMENT_PATTERN
from connector.definition.replies.error_format import ErrorFormat, Scalar
from connector.definition.resource import ResourceDefinition
from connector.definition.trigger import Trigger
from connector.definition.validation.strict_model import StrictModel
from connector.definition.validation.words import JsonValue, Key, Text, TextForm, word

# Settings with a variable of each connector: NAME_BASE_URL.
CONNECTOR_SETTINGS = ("base_url", "plan", "budget")


class Quota(StrictModel):
    """A limit for each value at a place of the request."""

    limit: Text = word(description="Calls and time: 100/day.")
    by: Text = word(description="Where the value is: path.x, query.x, body.x or connection.x.")
    reset: Text | None = word(default=None, description="When a day begins, in UTC; 00:00Z when absent.")


class RateLimits(StrictModel):
    """How the service limits calls: `30/s 30000/day 5 at once` by plan and tier."""

    account: Text | None = word(
        default=None, description="The connection's input that identifies the account: connection.accountId."
    )
    plans: dict[str, dict[str, Text]] = word(default={}, description="The rate of each tier, by plan.")
    quotas: dict[str, Quota] = word(default={}, description="Limits for each value at a place, in every plan.")

    def has_rate(self, name: str) -> bool:
        """Whether a rate is a tier of some plan, or a quota of the whole account."""
        if name in self.quotas:
            return self.quotas[name].by.startswith("connection.")
        return any(name in tiers for tiers in self.plans.values())


class RedactionRules(StrictModel):
    """Fields of bodies and parameters of URLs to redact, beyond inputs of type password."""

    fields: list[Text] = []
    query: list[Text] = []


class Idempotency(StrictModel):
    """Where the key goes that makes repeating a write safe, for as long as the service remembers it."""

    to: Annotated[str, TextForm(r"^(header|query|body)\.\S+$")] = word(
        description="The place of the key: header.X, query.x or body.x."
    )
    lifetime: int = word(
        default=86_400, gt=0, description="Seconds for which the service remembers a key; a day when absent."
    )

    @cached_property
    def location(self) -> RequestLocation:
        """The place of the key in a request."""
        return RequestLocation.parse(self.to)

    def is_remembered(self, sent_at: float, now: float) -> bool:
        """Whether the service still knows a key that was first sent at a time; both are epoch seconds."""
        return now < sent_at + self.lifetime


_HEADER_SCHEMA: dict[str, Any] = {"required": ["header"], "properties": {"header": {"type": "string"}}}


class Subaccounts(StrictModel):
    """How a request acts on a sub-account: by a prefix of its path, or by a header with the account's id."""

    prefix: Text = word(default="", description="The prefix of the path: /accounts/{accountId}.")
    header: Text | None = word(default=None, description="The header with the account's id.")

    @classmethod
    def describe_schema(cls, schema: dict[str, Any]) -> dict[str, Any]:
        """Return the schema with one of both."""
        return {**schema, "oneOf": [{"required": ["prefix"]}, _HEADER_SCHEMA]}

    def check_words(self) -> None:
        """Hold it to one of both."""
        if bool(self.prefix) == bool(self.header):
            raise ValueError("give either `prefix` or `header`")


class ErrorReply(StrictModel):
    """An error reply of the service."""

    status: int = 404
    code: Scalar | None = None
    message: Text


class SandboxSettings(StrictModel):
    """Error replies of the sandbox."""

    missing: ErrorReply | None = word(default=None, description="For a record that does not exist.")
    invalid: ErrorReply | None = word(default=None, description="For an invalid request.")


class Manifest(StrictModel):
    """What all actions of a connector share."""

    format: Literal[1] = word(default=1, description="The version of the file format.")
    connector: Annotated[str, TextForm(r"^[a-z][a-z0-9_]*$")]
    version: Annotated[str, TextForm(r"^\d+\.\d+\.\d+$")] | None = word(
        default=None, description="The connector's own version: 1.0.0."
    )
    requires: Annotated[str, TextForm(REQUIREMENT_PATTERN)] | None = word(
        default=None, description="The versions of the package `connector` that can read it: >=0.2 or >=0.2,<1."
    )
    label: Text
    summary: Text
    docs: Text | None = None
    base_url: HttpsUrl
    servers: dict[Key, HttpsUrl] = word(
        default={}, description="Other base URLs of the service, by the name that an action's `server` has."
    )
    allowed_hosts: list[Text] = word(
        default=[], description="Hosts that may receive credentials, also after a redirect."
    )
    clouds: dict[Key, Cloud] = word(
        default={},
        description="The clouds of the service, the usual one first; every connection gets an input `cloud`.",
    )
    connections: dict[Key, ConnectionType] = {}
    test: ConnectionTest | None = word(
        default=None, description="The call that tests a connection whose type has no test of its own."
    )
    scope_levels: list[Text] = word(
        default=[], description="Endings that only widen a scope: with `admin`, x:read:admin includes x:read."
    )
    constants: dict[str, JsonValue] = word(default={}, description="Constant values of every request, by place.")
    inputs: dict[Key, Input] = word(default={}, description="Inputs that actions share: each says `use` and the key.")
    types: NamedTypes = word(
        default={},
        description="What objects hold, by name, for `fields: '@name'`; they may stand in types.yaml instead.",
    )
    pagination: PaginationSettings = PaginationSettings()
    subaccounts: Subaccounts | None = None
    errors: ErrorFormat = ErrorFormat()
    redact: RedactionRules = RedactionRules()
    rates: RateLimits = RateLimits()
    idempotency: Idempotency | None = None
    triggers: dict[Key, Trigger] = {}
    resources: dict[Key, ResourceDefinition] = word(
        default={}, description="The kinds of record that the service keeps."
    )
    sandbox: SandboxSettings = SandboxSettings()

    @cached_property
    def shared_words(self) -> dict[str, dict[str, Any]]:
        """The words of each shared input, as an action that uses it would write them."""
        return {key: field.model_dump(exclude_unset=True) for key, field in self.inputs.items()}

    @classmethod
    def complete_written(cls, written: Any) -> Any:
        """Return types as the model has them, and connection types with the input that chooses a cloud."""
        if not isinstance(written, dict):
            return written
        types = {"types": place_types_by_key(written["types"])} if "types" in written else {}
        clouds, connections = written.get("clouds"), written.get("connections")
        if clouds and isinstance(clouds, dict) and isinstance(connections, dict):
            connections = {key: _add_cloud_input(item, clouds) for key, item in connections.items()}
            return {**written, **types, "connections": connections}
        return {**written, **types}

    def find_cloud(self, key: Any) -> Cloud | None:
        """Return the cloud of a key, the first one for no key, or None where the service has no clouds."""
        return self.clouds.get(key) or next(iter(self.clouds.values()), None)

    def find_url(self, server: str | None, cloud: Cloud | None = None) -> str:
        """Return the base URL, or that of a server, in a cloud; placeholders are not filled in."""
        if server is None:
            return self.base_url if cloud is None or cloud.base_url is None else cloud.base_url
        return self.servers[server] if cloud is None else cloud.servers.get(server, self.servers[server])

    @property
    def base_urls(self) -> list[str]:
        """The base URL and those of the servers."""
        return [self.base_url, *self.servers.values()]

    @property
    def webhooks(self) -> dict[str, Trigger]:
        """The triggers that the service sends to, by key; the others are polled."""
        return {key: trigger for key, trigger in self.triggers.items() if trigger.watch is None}

    @cached_property
    def own_hosts(self) -> tuple[str, ...]:
        """The hosts that its requests go to, in any cloud, as it writes them: what tells it from others of its name."""
        urls = [*self.base_urls, *(cloud.base_url or "" for cloud in self.clouds.values())]
        hosts = [*self.allowed_hosts, *(host for cloud in self.clouds.values() for host in cloud.allowed_hosts)]
        return tuple(sorted({host.lower() for host in (*hosts, *map(_find_host, urls)) if host}))

    @cached_property
    def filled_constants(self) -> dict[str, str]:
        """The constants with the value of a connection's input in them: `{input}`."""
        return {place: value for place, value in self.constants.items() if self._has_input(value)}  # type: ignore[misc]

    @cached_property
    def plain_constants(self) -> dict[str, JsonValue]:
        """The constants that are the same for every connection."""
        return {place: value for place, value in self.constants.items() if place not in self.filled_constants}

    def _has_input(self, value: JsonValue) -> bool:
        names = find_placeholders(value)
        return any(item.find_input(name) is not None for name in names for item in self.connections.values())

    def environment_variable(self, key: str) -> str:
        """Return the environment variable of an input of a connection."""
        return self._variables_by_input[key]

    @cached_property
    def environment_variables(self) -> dict[str, str]:
        """Environment variable -> input, of all connection types: NAME_CLIENT_ID -> clientId."""
        return {variable: key for key, variable in self._variables_by_input.items()}

    @cached_property
    def _variables_by_input(self) -> dict[str, str]:
        """Input -> environment variable; where a setting or a file's name has it, NAME_CONNECTION_KEY."""
        keys = sorted({key for connection_type in self.connections.values() for key in connection_type.inputs})
        stems = {key: to_snake_case(key) for key in keys}
        taken = {*CONNECTOR_SETTINGS, *(f"{stem}_file" for stem in (*stems.values(), *CONNECTOR_SETTINGS))}
        return {
            key: f"{self.connector}_{'connection_' if stem in taken else ''}{stem}".upper()
            for key, stem in stems.items()
        }

    def find_connection_test(self, kind: str) -> ConnectionTest | None:
        """Return the test of a connection type: its own, else the manifest's; None where there is none."""
        connection_type = self.connections[kind]
        return connection_type.test if "test" in connection_type.model_fields_set else self.test


def _find_host(url: str) -> str:
    """Return the host of a URL, perhaps with placeholders, without its port."""
    return re.sub(r":\d+$", "", re.split("[/?#]", url.partition("://")[2], maxsplit=1)[0])


def _add_cloud_input(connection_type: Any, clouds: dict[str, Any]) -> Any:
    inputs = connection_type.get("inputs", {}) if isinstance(connection_type, dict) else None
    if not isinstance(inputs, dict):
        return connection_type
    labels = {key: cloud["label"] for key, cloud in clouds.items() if isinstance(cloud, dict) and "label" in cloud}
    field = {
        "label": "Cloud", "help": "The cloud of the service that has the account.", "type": "string",
        "default": next(iter(clouds)), "hidden": True, "choices": labels,
    }  # fmt: skip
    return {**connection_type, "inputs": {**inputs, CLOUD_INPUT: field}}
