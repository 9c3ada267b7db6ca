"""The model of replies of success that tell that some of several things failed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import Field, model_validator

from connector.definition.json_path import JsonPath
from connector.definition.lazy import cached_property
from connector.definition.replies.error_format import JsonScalar, to_json_text
from connector.definition.validation.strict_model import StrictModel

if TYPE_CHECKING:
    from pydantic import GetJsonSchemaHandler
    from pydantic.json_schema import JsonSchemaValue
    from pydantic_core import CoreSchema


class PartialFailure(StrictModel):
    """Where a reply tells what failed of several things: an entry for each of them, or a list of those that failed.

    Written as one path where it has a list of those that failed.
    """

    items: JsonPath | None = Field(
        default=None, description="Where the reply has an entry for each thing, in the order of the request."
    )
    failed: JsonPath | dict[JsonPath, list[JsonScalar]] = Field(
        description="With `items`, what shows in an entry that it failed: a path that has something, or paths with the "
        "values that show it. Without, where the reply lists what failed."
    )
    done: JsonPath | None = Field(
        default=None, description="Where the reply lists what was done; where it has nothing there, all of it failed."
    )
    code: JsonPath | None = Field(default=None, description="Of an entry that failed: its code.")
    message: JsonPath | None = Field(default=None, description="Of an entry that failed: its message, or messages.")

    @model_validator(mode="before")
    @classmethod
    def _read_path(cls, written: Any) -> Any:
        return {"failed": written} if isinstance(written, str) else written

    @property
    def list_path(self) -> str | None:
        """Where the reply has a list: of all entries, or of those that failed."""
        return self.items or (self.failed if isinstance(self.failed, str) else None)

    @cached_property
    def failed_texts(self) -> dict[str, frozenset[str]]:
        """The paths in an entry with the values that show that it failed, as texts."""
        signs = {} if isinstance(self.failed, str) else self.failed
        return {path: frozenset(map(to_json_text, values)) for path, values in signs.items()}

    @classmethod
    def __get_pydantic_json_schema__(cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        words = handler.resolve_ref_schema(handler(core_schema))
        path = next(schema for schema in words["properties"]["failed"]["anyOf"] if schema.get("type") == "string")
        return {"anyOf": [path, words]}
