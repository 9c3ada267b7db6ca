"""The models of a connection type: one way to sign in."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, JsonValue, StringConstraints

from connector.definition.fields import FormField, Key, StrictModel, Text
from connector.definition.json_path import JsonPath

ConnectionTypeName = Literal[
    "oauth2", "oauth2_account_credentials", "oauth2_client_credentials", "jwt_hs256", "bearer", "api_key", "basic"
]


class ConnectionTest(StrictModel):
    """The GET that tests a connection, and the fields of its reply that identify the account."""

    action: Key = Field(description="The action to run; a list is asked for one item.")
    inputs: dict[str, JsonValue] = Field(default={}, description="The inputs of the action.")
    identity_fields: list[JsonPath] = Field(default=[], description="Fields of the reply that identify the account.")


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
