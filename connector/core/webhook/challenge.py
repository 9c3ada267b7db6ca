"""Recognize and answer the requests by which a service checks a receiver."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

from connector.core.json_path import set_at
from connector.core.webhook import keys
from connector.core.webhook.errors import build_webhook_error
from connector.core.webhook.event import Challenge
from connector.core.webhook.signature import is_equal
from connector.definition.json_path import parse_delivery_path
from connector.first_use import prepare_pattern

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from connector.core.webhook.delivery import ReceivedDelivery
    from connector.definition.trigger import Trigger

MAX_TOKEN_LENGTH = 128  # characters of a challenge's token that is signed
MAX_ECHO_LENGTH = 1024  # characters of one that is only sent back
MAX_UNSIGNED_BYTES = 16_384  # bytes of a body that is read though it is not signed
_SIGNED_TOKEN = prepare_pattern(rf"[A-Za-z0-9_-]{{1,{MAX_TOKEN_LENGTH}}}\Z")
_ECHOED_TOKEN = prepare_pattern(rf"[ -~]{{1,{MAX_ECHO_LENGTH}}}\Z")
_REPLY_FIELD = prepare_pattern(r"\{(read|hex|base64)\}")


class ChallengeResponder:
    """Answers the challenges of one trigger; compiles its `challenge` once."""

    def __init__(self, trigger: Trigger) -> None:
        assert trigger.challenge is not None
        self._format, self._signature = trigger.challenge, trigger.signature
        self.is_signed, self.method = self._format.is_signed, self._format.method
        at = self._format.at or (trigger.event.name if self._format.is_ else None)
        self._name_place = parse_delivery_path(at) if at else None
        self._read_place = parse_delivery_path(self._format.read) if self._format.read else None
        token = self._format.token
        self._token_place = parse_delivery_path(token.at) if token else None
        self._is_digest_wanted = any("{hex}" in text or "{base64}" in text for text in self._format.reply_texts)
        self._hands_over_secret = self._format.keep_as is not None
        places = [place for place in (self._name_place, self._read_place, self._token_place) if place]
        self.header_names = {place.header for place in places if place.header}
        self.is_in_body = any(place.header is None and place.query is None for place in places)
        is_read_beside_body = self._read_place is not None and not self._read_place.segments
        self._is_told_apart = self.is_signed or self._format.is_ is not None or is_read_beside_body

    def is_challenge(self, delivery: ReceivedDelivery) -> bool:
        """Whether a delivery is a challenge, by what stands at its place."""
        if delivery.method != self.method:
            return False
        if self._format.is_ is not None and self._name_place is not None:
            return _is_same(delivery.read(self._name_place), self._format.is_)
        if self._read_place is None:
            return self.method != "POST"
        return delivery.read(self._read_place) is not None

    def is_signed_challenge(self, delivery: ReceivedDelivery) -> bool:
        """Whether a delivery that was verified is a challenge: no field of an event makes it one."""
        return self._is_told_apart and not self._hands_over_secret and self.is_challenge(delivery)

    def answer(
        self, delivery: ReceivedDelivery, signer: bytes, tokens: Mapping[str, Sequence[bytes]] | None = None
    ) -> Challenge:
        """Return the answer to a challenge. Raises WebhookError, for a token that is not the expected one too."""
        if self._format.token is not None and self._token_place is not None:
            given = delivery.read(self._token_place)
            expected = (tokens or {}).get(self._format.token.input, ())
            if sum(is_equal(given, token) for token in expected) == 0:  # all are compared
                raise build_webhook_error("challenge", "The challenge does not have the expected token.")
        reply, headers = self._format.reply_content, self._format.reply_headers
        if self._read_place is None:
            return Challenge(reply, headers)
        text = delivery.read(self._read_place)
        pattern = _SIGNED_TOKEN if self._is_digest_wanted else _ECHOED_TOKEN
        if not isinstance(text, str) or not pattern.match(text):
            expected_text = (
                f"1 to {MAX_TOKEN_LENGTH} letters, digits, - or _"
                if self._is_digest_wanted
                else f"1 to {MAX_ECHO_LENGTH} printable ASCII characters"
            )
            raise build_webhook_error("challenge", f"The challenge's token must be {expected_text}.", status=400)
        values = {"read": text, **self._compute_digests(signer, text)}

        def fill(template: str) -> str:
            return _REPLY_FIELD.sub(lambda match: values.get(match[1], match[0]), template)

        return Challenge(
            fill(reply)
            if isinstance(reply, str)
            else {key: fill(item) if isinstance(item, str) else item for key, item in reply.items()},
            {name: fill(item) for name, item in headers.items()},
            text if self._hands_over_secret else "",
        )

    def add_to_sample(self, data: Any, query: dict[str, str], headers: dict[str, str], text: str, token: str) -> Any:
        """Return the data of a challenge that asks for `text`; fills the query and headers that it is read from."""
        for place, value in (
            (self._read_place, text), (self._name_place, self._format.is_), (self._token_place, token),
        ):  # fmt: skip
            if place is None or value is None:
                continue
            if place.query is not None:
                query[place.query] = str(value)
            elif place.header is not None:
                headers[place.header] = str(value)
            else:
                data = set_at(data, place.segments, value)
        return data

    def _compute_digests(self, signer: bytes, text: str) -> dict[str, str]:
        if not self._is_digest_wanted or self._signature is None or not self.is_signed:
            return {}
        digest = keys.compute_hmac(self._signature, signer, text.encode())
        return {"hex": digest.hex(), "base64": base64.b64encode(digest).decode()}


def _is_same(value: Any, expected: str | int) -> bool:
    """Whether a value is the expected one; a number and its text are equal, as a query has texts alone."""
    return isinstance(value, (str, int)) and not isinstance(value, bool) and str(value) == str(expected)
