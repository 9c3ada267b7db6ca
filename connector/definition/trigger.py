"""The models of a trigger: a webhook, its signature, where events have their fields, and what tells them apart."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from connector.definition.fields import ValueField
from connector.definition.json_path import HEADER, DataOrHeaderPath, JsonPath, parse_delivery_path
from connector.definition.lazy import cached_property
from connector.definition.validation.strict_model import StrictModel
from connector.definition.validation.words import Key, Text, TextForm, word
from connector.definition.watch import Watch

TimeUnit = Literal["s", "ms", "iso"]
Hash = Literal["sha1", "sha256", "sha512"]
Algorithm = Literal["hmac", "ed25519", "rsa_sha256", "ecdsa_sha256"]
_REPLY_HEADER = f"{HEADER}."
BodyKind = Annotated[str, TextForm(r"^(json|none|form(\.[^.\s]+)?)$")]


class Signature(StrictModel):
    """How the service signs deliveries."""

    header: Text
    algorithm: Algorithm = word(
        default="hmac",
        description="hmac with a shared secret; ed25519, rsa_sha256 and ecdsa_sha256 (P-256) with the service's public "
        "key.",
    )
    hash: Hash = word(default="sha256", description="The hash of an HMAC.")
    timestamp: Text | None = word(
        default=None, description="When it was signed: header.X, part.x of the signature's header, or body.x."
    )
    unit: TimeUnit = word(default="s", description="How that time is written.")
    id: Text | None = None
    payload: Text = word(
        description="What is signed: {body}, {timestamp}, {id}, {method}, {url}, and {form}: names and values, sorted."
    )
    format: Text
    separator: Text | None = None
    digest: Literal["hex", "base64"] = "hex"
    secret: Literal["text", "base64", "hex", "pem"] = word(
        default="text", description="How the secret, or the public key, is written."
    )
    secret_prefix: Text | None = None

    @property
    def key_form(self) -> str:
        """How its secret, or its public key, is written."""
        return self.secret

    @property
    def has_public_key(self) -> bool:
        """Whether the receiver has a public key, which signs nothing."""
        return self.algorithm != "hmac"


class ChallengeToken(StrictModel):
    """A token by which a challenge shows that it comes from the service."""

    at: DataOrHeaderPath = word(description="Where the challenge has it.")
    input: Key = word(description="The input of the trigger that it is equal to.")


class ChallengeFormat(StrictModel):
    """How the service checks a receiver: whether it answers at its URL, or knows the secret, or is to know it."""

    method: Literal["POST", "GET", "HEAD"] = word(default="POST", description="How the challenge is sent.")
    signed: bool = word(
        default=True, description="false for a challenge in a POST that has no signature and no token, unlike events."
    )
    at: DataOrHeaderPath | None = word(
        default=None, description="Where a delivery says that it is a challenge; where an event has its name if absent."
    )
    is_: Text | int | None = word(
        default=None, alias="is", description="What stands there; if absent, a delivery with `read` is a challenge."
    )
    read: DataOrHeaderPath | None = word(
        default=None, description="What to read: a path into the body, header.X or query.x."
    )
    token: ChallengeToken | None = None
    keep_as: Key | None = word(
        default=None,
        description="The input whose secret is handed over by it: what is read, where no secret is known yet.",
    )
    reply: dict[str, Text | int] | Text = word(
        default={},
        description="The answer, with {read}, {hex} or {base64}: a mapping is sent as JSON, but for header.X, which is "
        "a header; a text is sent as text.",
    )

    @property
    def name(self) -> str:
        """What the challenge is called, as an event has a name."""
        return self.is_ if isinstance(self.is_, str) else "challenge"

    @property
    def is_signed(self) -> bool:
        """Whether it is verified as any delivery: neither what the query says, nor what hands over the secret."""
        is_in_query = self.read is not None and parse_delivery_path(self.read).query is not None
        return self.method == "POST" and self.signed and self.keep_as is None and not is_in_query

    @property
    def reply_headers(self) -> dict[str, str]:
        """The headers of its answer by name."""
        named = self.reply.items() if isinstance(self.reply, dict) else ()
        return {name.removeprefix(_REPLY_HEADER): str(text) for name, text in named if name.startswith(_REPLY_HEADER)}

    @property
    def reply_content(self) -> dict[str, str | int] | str:
        """The body of its answer: a mapping is JSON."""
        if isinstance(self.reply, str):
            return self.reply
        return {name: text for name, text in self.reply.items() if not name.startswith(_REPLY_HEADER)}

    @property
    def reply_texts(self) -> list[str]:
        """The texts of its answer."""
        replies = [self.reply] if isinstance(self.reply, str) else self.reply.values()
        return [text for text in replies if isinstance(text, str)]


class EventFields(StrictModel):
    """Where an event has its name, time, account and object: paths into the body, or `header.X`."""

    each: JsonPath | None = word(
        default=None,
        description="The list of a delivery's events; `.` for a body that is one. The other paths begin at each event.",
    )
    name: DataOrHeaderPath | None = None
    default_name: Text | None = word(default=None, description="The name of an event that has none.")
    at: DataOrHeaderPath | None = None
    unit: TimeUnit = word(
        default="s", description="How its time is written: seconds or milliseconds since 1970, or ISO 8601."
    )
    account: DataOrHeaderPath | None = None
    object: DataOrHeaderPath | None = None
    subject: list[DataOrHeaderPath] = word(
        default=[],
        description="What its object is recognized by: the first of these that is there. Events of one subject can be "
        "delivered in order.",
    )


class ChangingParts(StrictModel):
    """What may differ between two deliveries of one event."""

    paths: list[DataOrHeaderPath] = word(default=[], description="Values at these paths, or in these headers.")
    fields: list[Text] = word(default=[], description="Fields of these names, at any depth.")
    query: list[Text] = word(default=[], description="Parameters of these names in the URLs of the body.")


class EventIdentity(StrictModel):
    """What two deliveries of one event have in common, and two events have not."""

    id: list[DataOrHeaderPath] = word(
        default=[], description="These together are the id of an event. Where one is missing, the whole body counts."
    )
    ignore: ChangingParts = word(default=ChangingParts(), description="What the whole body is compared without.")


_SIGNATURE_SCHEMA: dict[str, Any] = {"required": ["signature", "event"]}
_TOKEN_SCHEMA: dict[str, Any] = {"required": ["token", "event"], "properties": {"token": {"type": "string"}}}
_WATCH_SCHEMA: dict[str, Any] = {"required": ["watch"]}
WATCHED_EVENT = EventFields(name="event", at="at", account="account", object="object", subject=["subject"])


class Trigger(StrictModel):
    """A webhook: its inputs, how deliveries are verified, and where events have their fields; or what is polled."""

    label: Text
    summary: Text
    inputs: dict[Key, ValueField] = {}
    watch: Watch | None = word(default=None, description="What is polled, where the service sends no events.")
    signature: Signature | None = None
    token: Text | None = word(
        default=None, description="Where each delivery has the shared secret itself: header.X, query.x or body.x."
    )
    body: BodyKind = word(
        default="json", description="json; form; form.x for JSON in that field of a form; none for no body."
    )
    challenge: ChallengeFormat | None = None
    event: EventFields = WATCHED_EVENT
    dedupe: list[DataOrHeaderPath] | EventIdentity = word(
        default=[], description="How copies of an event are recognized; a list is short for its `id`."
    )
    max_age: int | None = word(default=None, gt=0, description="Maximum age of a delivery in seconds.")

    @classmethod
    def describe_schema(cls, schema: dict[str, Any]) -> dict[str, Any]:
        """Return the schema with what is given in place of what."""
        return {**schema, "oneOf": [_SIGNATURE_SCHEMA, _TOKEN_SCHEMA, _WATCH_SCHEMA]}

    def check_words(self) -> None:
        """Hold it to one kind."""
        if sum(word is not None for word in (self.signature, self.token, self.watch)) != 1:
            raise ValueError("give either `signature` or `token`, or `watch` for what is polled")
        if self.watch is None and "event" not in self.model_fields_set:
            raise ValueError("add `event`: where events have their name, time, account and object")

    @cached_property
    def key_input(self) -> tuple[str, ValueField] | None:
        """The input with the secret or the public key that deliveries are verified with; or None."""
        of_challenge = self.challenge.token.input if self.challenge and self.challenge.token else None
        is_public = self.signature is not None and self.signature.has_public_key
        fields = [(key, field) for key, field in self.inputs.items() if field.secret or is_public]
        return next((item for item in fields if item[0] != of_challenge), fields[0] if fields else None)

    @cached_property
    def key_inputs(self) -> dict[str, ValueField]:
        """The inputs that deliveries and challenges are verified with, by key."""
        own = dict([self.key_input] if self.key_input else [])
        token = self.challenge.token if self.challenge else None
        return own | ({token.input: self.inputs[token.input]} if token and token.input in self.inputs else {})

    @property
    def secret_places(self) -> list[str]:
        """Where deliveries have a signature or a token."""
        at_challenge = self.challenge.token.at if self.challenge and self.challenge.token else None
        read = self.challenge.read if self.challenge and self.challenge.keep_as else None
        handed_over = f"body.{read}" if read and parse_delivery_path(read).segments else read
        header = f"{HEADER}.{self.signature.header}" if self.signature else None
        return [place for place in (header, self.token, at_challenge, handed_over) if place]

    @property
    def needs_url(self) -> bool:
        """Whether the URL is signed that the service sends to."""
        return self.signature is not None and "{url}" in self.signature.payload

    @property
    def identity(self) -> EventIdentity:
        """What tells events apart, however `dedupe` is written."""
        return EventIdentity(id=self.dedupe) if isinstance(self.dedupe, list) else self.dedupe

    @property
    def subject_paths(self) -> list[str]:
        """The paths of an event's subject: `event.subject`, else the part of the id that is in the event's object."""
        below_object = f"{self.event.object}."
        return self.event.subject or [path for path in self.identity.id if path.startswith(below_object)]
