"""The model of replies of success that tell that some of several things failed."""

from __future__ import annotations

from typing import Any

from connector.definition.json_path import JsonPath
from connector.definition.lazy import cached_property
from connector.definition.replies.error_format import JsonScalar, to_json_text
from connector.definition.validation.strict_model import StrictModel
from connector.definition.validation.words import word


class PartialFailure(StrictModel):
    """Where a reply tells what failed of several things: an entry for each of them, or a list of those that failed.

    Written as one path where it has a list of those that failed.
    """

    items: JsonPath | None = word(
        default=None, description="Where the reply has an entry for each thing, in the order of the request."
    )
    failed: JsonPath | dict[JsonPath, list[JsonScalar]] = word(
        description="With `items`, what shows in an entry that it failed: a path that has something, or paths with the "
        "values that show it. Without, where the reply lists what failed."
    )
    done: JsonPath | None = word(
        default=None, description="Where the reply lists what was done; where it has nothing there, all of it failed."
    )
    code: JsonPath | None = word(default=None, description="Of an entry that failed: its code.")
    message: JsonPath | None = word(default=None, description="Of an entry that failed: its message, or messages.")

    @classmethod
    def complete_written(cls, written: Any) -> Any:
        """Return one path as a list of what failed."""
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
    def describe_schema(cls, schema: dict[str, Any]) -> dict[str, Any]:
        """Return the schema of a path or of the words."""
        path = next(form for form in schema["properties"]["failed"]["anyOf"] if form.get("type") == "string")
        return {"anyOf": [path, schema]}
