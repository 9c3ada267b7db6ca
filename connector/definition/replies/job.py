"""The model of jobs: a call that starts one, how to ask whether it is done, and where its results are."""

from __future__ import annotations

from typing import Annotated

from connector.definition.json_path import DataOrHeaderPath, JsonPath
from connector.definition.replies.error_format import JsonScalar
from connector.definition.validation.strict_model import StrictModel
from connector.definition.validation.words import Key, TextForm, word

DURATION_PATTERN = r"^[1-9][0-9]{0,5}\s?(ms|s|m|h)$"
DurationText = Annotated[str, TextForm(DURATION_PATTERN)]


class NextCall(StrictModel):
    """A call that follows another: an action, and where the reply before has the values of its inputs."""

    action: Key = word(description="The action to run.")
    inputs: dict[Key, DataOrHeaderPath] = word(
        default={}, description="Its inputs, each with its place in the reply; one that both actions have is passed on."
    )


class Poll(NextCall):
    """How to ask whether a job is done."""

    until: dict[JsonPath, list[JsonScalar]] = word(
        min_length=1, description="Fields of its reply, with the values that say that the job is done."
    )
    failed: dict[JsonPath, list[JsonScalar]] = word(
        default={}, description="Fields of its reply, with the values that say that the job failed."
    )
    every: DurationText = word(default="5s", description="The longest wait between two requests, such as 5s.")
    timeout: DurationText | None = word(
        default=None, description="How long a call waits for the job where the caller does not say; 30m when absent."
    )
