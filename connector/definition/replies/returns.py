"""The model of what an action returns."""

from __future__ import annotations

from typing import Annotated, Literal

from connector.definition.json_path import JsonPath
from connector.definition.replies.partial_failure import PartialFailure
from connector.definition.validation.strict_model import StrictModel
from connector.definition.validation.words import JsonValue, Key, Text, TextForm, word


class Returns(StrictModel):
    """The reply: its type, size limit, schema and example."""

    type: Literal["json", "csv", "ndjson", "xml", "text", "binary", "none"] = word(
        default="json", description="What the body is: data as json, csv, ndjson or xml; or as it is; or nothing."
    )
    max_bytes: int | None = word(default=None, gt=0, description="Maximum size of the reply in bytes, decoded.")
    help: Text | None = None
    partial: PartialFailure | None = word(
        default=None,
        description="Where the reply tells what failed of it: where not all did, it is done, with a warning.",
    )
    columns: list[JsonPath] = word(
        default=[],
        description="What a person wants first, in tables and cards: fields of an item of a list, or of the reply.",
    )
    schema_: Key | Annotated[str, TextForm(r"^[a-z][a-z0-9-]*$")] | None = word(
        default=None, alias="schema", description="The file in schemas/objects/ that describes the reply."
    )
    example: JsonValue = None
