"""The model of uploads in steps: the reply to a request names the URL that a file is sent to."""

from __future__ import annotations

from typing import Literal

from connector.definition.inputs.request_location import Place
from connector.definition.json_path import DataOrHeaderPath
from connector.definition.replies.returns import Returns
from connector.definition.validation.strict_model import StrictModel
from connector.definition.validation.words import word


class Upload(StrictModel):
    """Where the bytes of the input with `to: upload` go, and what the request before says of the file."""

    url: DataOrHeaderPath = word(description="Where the reply has the URL, which must be at one of `allowed_hosts`.")
    method: Literal["PUT", "POST"] = word(default="PUT", description="The method that sends the bytes.")
    credential: bool = word(default=False, description="Whether the connection's credential is sent along.")
    file_name: Place | None = word(default=None, description="Where the request has the file's name.")
    file_size: Place | None = word(default=None, description="Where the request has the file's size in bytes.")
    file_type: Place | None = word(default=None, description="Where the request has the file's media type.")
    returns: Returns = word(
        default=Returns(), description="The reply to the bytes, which is the result without `then`."
    )

    @property
    def facts(self) -> dict[str, str]:
        """What the request says of the file, with its place."""
        places = {word: getattr(self, word) for word in ("file_name", "file_size", "file_type")}
        return {word: place for word, place in places.items() if place is not None}
