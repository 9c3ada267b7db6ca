"""The model of an action file: one endpoint, its inputs, its reply, and examples that lint runs."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from connector.definition.fields import Deprecation, Input
from connector.definition.inputs.spellings import index_earlier_spellings, index_spellings
from connector.definition.json_path import JsonPath
from connector.definition.lazy import cached_property
from connector.definition.pagination import ActionPagination
from connector.definition.replies.job import NextCall, Poll
from connector.definition.replies.reply_example import ReplyExample
from connector.definition.replies.returns import Returns
from connector.definition.replies.upload import Upload
from connector.definition.validation.strict_model import StrictModel
from connector.definition.validation.words import JsonValue, Key, Text, TextForm, word

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
UPDATE_METHODS = ("PATCH", "PUT")
SAFE_METHODS = ("GET", "HEAD", "OPTIONS")  # change nothing at the service, whether or not the reply arrives
RAW_REQUEST = "raw"
DATA_TYPES = ("json", "csv", "ndjson", "xml")  # replies that are read as data
ROW_TYPES = ("csv", "ndjson")  # of these, those that are a list by themselves
MEDIA_TYPE_PATTERN = r"^[A-Za-z0-9!#$&^_.+-]+/[A-Za-z0-9!#$&^_.+-]+(\s*;\s*[A-Za-z0-9_.-]+=(\"[^\"]*\"|[^\s;\"]+))*$"

REQUEST_LINE_PATTERN = r"^(raw|(GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS) /\S*)$"
RequestLine = Annotated[str, TextForm(REQUEST_LINE_PATTERN)]


def split_request(request: str) -> tuple[str, str]:
    """Return the method and the path of a request line; both are empty for a raw request."""
    method, _, path = request.partition(" ")
    return ("", "") if request == RAW_REQUEST else (method, path)


class Scopes(StrictModel):
    """OAuth scopes that let a connection run an action; any one of a list is enough, of `all` every one is needed.

    Written as one list, as `none`, as `{all: [...]}`, or as two lists where a service has scopes of two kinds.
    """

    classic: list[Text] = []
    granular: list[Text] = []
    all: list[Text] = []

    @classmethod
    def complete_written(cls, written: Any) -> Any:
        """Return `none` and one list as lists."""
        if written == "none":
            return {}
        return {"granular": written} if isinstance(written, list) else written

    def check_words(self) -> None:
        """Hold it to one kind of list."""
        if self.all and (self.classic or self.granular):
            raise ValueError("give either `all` or lists of which any one is enough")

    @property
    def names(self) -> list[str]:
        """All that are named: of two kinds the classic ones first."""
        return [*self.classic, *self.granular, *self.all]

    @property
    def wanted(self) -> list[str]:
        """What to ask for: every one, or one of the newer kind where there are two."""
        return self.all or self.granular or self.classic

    @classmethod
    def describe_schema(cls, schema: dict[str, Any]) -> dict[str, Any]:
        """Return the schema of `none`, of one list, or of the words."""
        items = schema["properties"]["granular"]["items"]
        return {"anyOf": [{"type": "string", "enum": ["none"]}, {"type": "array", "items": items}, schema]}


class RequireOneOf(StrictModel):
    """A rule that one of these inputs must be given, perhaps only when others have one of the listed values."""

    of: list[Key] = word(min_length=1)
    when: dict[Key, list[JsonValue]] = {}


class FileListing(StrictModel):
    """Files that a reply lists, to download them all; each key but `suffix` and `may_be_json` names a field."""

    items: JsonPath = word(description="The field that holds the files; `.` when the reply is the list.")
    url: JsonPath = word(description="Of a file: its download URL.")
    name: list[JsonPath] = word(min_length=1, description="Of a file: the fields that name it, joined with hyphens.")
    suffix: Text | None = word(default=None, description="Appended to the name, where two files are named alike.")
    extension: JsonPath | None = word(
        default=None, description="Of a file: its extension; taken from the reply when absent."
    )
    may_be_json: bool = word(
        default=False, description="Whether JSON can be a file; else it is one only under an extension of JSON's."
    )
    size: JsonPath | None = word(default=None, description="Of a file: its size in bytes.")
    token: JsonPath | None = word(
        default=None, description="Of the reply: a token that downloads them instead of the connection's."
    )


class ExpectedRequest(StrictModel):
    """The request that an example sends, without paging parameters."""

    method: Text | None = None
    path: Text
    query: dict[str, JsonValue] = {}
    headers: dict[str, str] = {}
    body: JsonValue = None
    form: list[list[str]] | dict[str, JsonValue] | None = None


class Example(StrictModel):
    """Inputs, and the request that they send."""

    inputs: dict[Key, JsonValue]
    request: ExpectedRequest


class Action(StrictModel):
    """One action of a connector."""

    action: Key = word(description="The action's key; the file has the same name in kebab-case.")
    label: Text
    summary: Text = word(description="One sentence: what the action does.")
    group: Text | None = word(
        default=None, description="Its heading in lists and pages; a noun of its path when absent."
    )
    was: list[Key] = word(default=[], description="Its earlier keys, which are accepted with a warning.")
    deprecated: Deprecation | None = word(
        default=None, description="That it should not be used any more; a call of it has a warning."
    )
    docs: Text | None = word(default=None, description="The vendor's page about this endpoint.")
    scopes: Scopes = Scopes()
    rate: Text | list[Text] | None = word(default=None, description="Its rate tier, and quotas.")
    weight: int = word(default=1, gt=0, description="How many calls it counts as, in each of its rates.")
    request: RequestLine = word(description="METHOD /path/{name}, as the vendor documents it; or `raw`.")
    server: Key | None = word(default=None, description="The server of the manifest that has it; `base_url` if absent.")
    connections: list[Key] | None = word(default=None, description="Connection types that may run it.")
    subaccount: bool = word(default=True, description="Whether it can act on a sub-account.")
    read_only: bool = word(
        default=False, description="Whether a POST only reads, as a search or a query of GraphQL does."
    )
    idempotent: Literal[False] | Text | None = word(
        default=None, description="Why a POST or PATCH is safe to send twice; false for a PUT or DELETE that is not."
    )
    confirm: bool | None = word(
        default=None, description="Whether a command asks before it sends the request; only a DELETE when absent."
    )
    constants: dict[str, JsonValue] = word(default={}, description="Constant values of the request, by place.")
    body: Literal["json", "form", "multipart", "text", "binary"] = "json"
    content_type: Annotated[str, TextForm(MEDIA_TYPE_PATTERN)] | None = word(
        default=None, description="The Content-Type of the body, where it is not that of `body`."
    )
    form_nesting: Literal["brackets"] | None = word(
        default=None, description="How nested names are written in a form or query: a[b]; with dots, a.b, when absent."
    )
    lists: Literal["repeat", "comma", "brackets"] = "repeat"
    inputs: dict[Key, Input] = {}
    any_of: list[RequireOneOf] = []
    pagination: ActionPagination | None = None
    poll: Poll | None = word(default=None, description="The action starts a job: how to ask whether it is done.")
    upload: Upload | None = word(default=None, description="The reply names the URL that a file is sent to.")
    then: NextCall | None = word(
        default=None, description="The action that follows: it reads the results of a job, or completes an upload."
    )
    downloads: list[FileListing] = word(default=[], description="Files that the reply lists.")
    returns: Returns = Returns()
    replies: list[ReplyExample] = word(
        default=[], description="Replies of the service, and what the client makes of them."
    )
    examples: dict[str, Example] = {}

    @classmethod
    def complete_written(cls, written: Any) -> Any:
        """Return rows as a list, of one page where the action says nothing else."""
        returns = written.get("returns") if isinstance(written, dict) else None
        if isinstance(returns, dict) and returns.get("type") in ROW_TYPES and "pagination" not in written:
            return {**written, "pagination": {"style": "none", "items": "."}}
        return written

    @property
    def last_returns(self) -> Returns:
        """What the last of its own replies is: of an upload that nothing follows, the reply to the bytes."""
        return self.upload.returns if self.upload is not None and self.then is None else self.returns

    @property
    def is_raw(self) -> bool:
        """Whether the caller chooses method and path."""
        return self.request == RAW_REQUEST

    @cached_property
    def method(self) -> str:
        """The HTTP method; empty for a raw request."""
        return split_request(self.request)[0]

    @cached_property
    def path(self) -> str:
        """The path template below the base URL; empty for a raw request."""
        return split_request(self.request)[1]

    @cached_property
    def path_names(self) -> tuple[str, ...]:
        """The names in braces, in order."""
        return tuple(re.findall(r"\{([^{}]*)\}", self.path))

    @property
    def is_read(self) -> bool:
        """Whether it only reads: by its method, or as a POST that says so."""
        return self.method in SAFE_METHODS or self.read_only

    @property
    def is_write(self) -> bool:
        """Whether sending it twice could have an effect twice; raw requests decide by their method."""
        if self.method in ("POST", "PATCH"):
            return not (self.read_only or self.idempotent)
        return self.idempotent is False

    @property
    def is_destructive(self) -> bool:
        """Whether a run may destroy something, so that a command asks first."""
        return self.method == "DELETE" if self.confirm is None else self.confirm

    @cached_property
    def rate_names(self) -> tuple[str, ...]:
        """The names of its rate tier and quotas."""
        return (self.rate,) if isinstance(self.rate, str) else tuple(self.rate or ())

    @cached_property
    def key_by_spelling(self) -> dict[str, str]:
        """Accepted spelling of an input -> its key."""
        return index_spellings(self.inputs)

    @cached_property
    def key_by_earlier_spelling(self) -> dict[str, str]:
        """Earlier spelling of an input, which no input has today -> its key."""
        return index_earlier_spellings(self.inputs)
