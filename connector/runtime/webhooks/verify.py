"""Verify one webhook delivery in your own web framework."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from connector.core.webhook.delivery import Delivery
from connector.core.webhook.event import Challenge
from connector.core.webhook.verifier import WebhookVerifier
from connector.definition.suggest import did_you_mean
from connector.errors import UsageError
from connector.runtime.process.argument_types import (
    UNSET_HINT,
    describe_argument,
    require_connector,
    require_seconds,
    require_type,
)
from connector.runtime.process.command_lines import format_command
from connector.runtime.process.extras import require

if TYPE_CHECKING:
    from connector.core.webhook.delivery import Headers
    from connector.core.webhook.event import Event
    from connector.definition.loader import Connector


_GIVE_ONE = "Pass the trigger's secret, or a list of them."
Secret = str | Sequence[str] | Mapping[str, str | Sequence[str]]


def verify_webhook(
    connector: Connector,
    secret: Secret,
    headers: Headers,
    raw_body: bytes,
    max_age: float | None = None,
    *,
    now: float | None = None,
    trigger: str | None = None,
    method: str = "POST",
    url: str = "",
) -> Event | Challenge:
    """Verify a delivery and return its Event, or a Challenge to answer 200 with: its `reply` as JSON, or as text.

    `secret` is one text, or several while a new one replaces the old, or a mapping of the trigger's inputs to them;
    where the service signs with a private key, it is the public key. `headers` are a mapping or pairs as received,
    `raw_body` the bytes as received, never re-encoded JSON; `max_age` seconds (default: the manifest's); `now` epoch
    seconds (default: the current time); `trigger` a name (default: the connector's first); `method` and `url` those of
    the request, the URL with its query and as the service knows it. Raises WebhookError, whose `status` is the HTTP
    status to answer, UsageError for an invalid secret, a body that is not bytes, or deliveries of several events.
    """
    verified = verify_webhook_events(
        connector, secret, headers, raw_body, max_age, now=now, trigger=trigger, method=method, url=url
    )
    return verified if isinstance(verified, Challenge) else verifier_for(connector, trigger).get_single(verified)


def verify_webhook_events(
    connector: Connector,
    secret: Secret,
    headers: Headers,
    raw_body: bytes,
    max_age: float | None = None,
    *,
    now: float | None = None,
    trigger: str | None = None,
    method: str = "POST",
    url: str = "",
) -> list[Event] | Challenge:
    """Do as `verify_webhook`, for deliveries of one event or of several: return a list, perhaps an empty one.

    Of several, those that are not as the manifest describes them have an `error`, and no name. Raises WebhookError if
    none of them is.
    """
    verifier = verifier_for(connector, trigger)
    if not isinstance(raw_body, bytes | bytearray | memoryview):
        raise _refuse_body(raw_body)
    require_url(verifier, url)
    require_seconds("now", now, "seconds since 1970, such as time.time() or a datetime's timestamp()")
    require_seconds("max_age", max_age)
    delivery = Delivery(headers, bytes(raw_body), method, url)
    verified = verifier.verify_delivery(
        verifier.decode_secrets(collect_secrets(verifier, secret)),
        delivery,
        time.time() if now is None else now,
        max_age,
    )
    failures = [event.error for event in verified if event.error] if isinstance(verified, list) else []
    if failures and isinstance(verified, list) and len(failures) == len(verified):
        raise failures[0]
    return verified


def accept_handshake(
    connector: Connector,
    headers: Headers,
    raw_body: bytes,
    *,
    trigger: str | None = None,
    method: str = "POST",
    url: str = "",
) -> Challenge:
    """Return the Challenge of a first delivery, which is not signed; its `secret` is the one that it hands over.

    Call it only while the subscription is made and no secret is known: anybody may send such a delivery. Save the
    secret, then answer 200 with the Challenge's `reply` and `headers`. Raises WebhookError for any other delivery, and
    UsageError for a trigger whose service hands over no secret.
    """
    verifier = verifier_for(connector, trigger)
    require_handshake(verifier)
    if not isinstance(raw_body, bytes | bytearray | memoryview):
        raise _refuse_body(raw_body)
    verified = verifier.verify_delivery({}, Delivery(headers, bytes(raw_body), method, url), 0.0)
    assert isinstance(verified, Challenge), "without a secret nothing is an event"
    return verified


def _refuse_body(raw_body: object) -> UsageError:
    hint = "Pass the bytes as received: re-encoded JSON does not match the signature."
    return UsageError(f"The body is {describe_argument(raw_body)}; expected bytes.", hint=hint)


def require_handshake(verifier: WebhookVerifier) -> None:
    """Raise UsageError for a trigger whose service hands over no secret."""
    challenge = verifier.trigger.challenge
    if challenge is None or challenge.keep_as is None:
        hint = "Give the secret: `keep_as` of a challenge says where a first delivery has it."
        raise UsageError(f"The service of the trigger {verifier.name} hands over no secret.", hint=hint)


def collect_secrets(verifier: WebhookVerifier, secret: Secret) -> dict[str, list[str]]:
    """Return the secrets by input, each as a list. Raises UsageError for a missing, unknown or invalid one."""
    inputs = verifier.trigger.key_inputs
    by_input = secret if isinstance(secret, Mapping) else {verifier.key_name: secret}
    secrets = {key: [texts] if isinstance(texts, str) else _list_texts(key, texts) for key, texts in by_input.items()}
    for key in secrets:
        if key not in inputs and key != verifier.key_name:
            suggestion = did_you_mean(key, inputs)
            raise UsageError(
                f"The trigger {verifier.name} has no secret {key!r}.{suggestion}", hint=f"It has {', '.join(inputs)}."
            )
    missing = [key for key in (list(inputs) or [verifier.key_name]) if not secrets.get(key)]
    if missing and len(inputs) > 1:
        example = ", ".join(f"{key!r}: ..." for key in inputs)
        raise UsageError(f"The secret {', '.join(missing)} is not given.", hint=f"Pass {{{example}}}.")
    if missing:
        raise UsageError("No secret is given.", hint=f"{_GIVE_ONE} {UNSET_HINT}")
    return secrets


def _list_texts(key: str, given: Any) -> list[str]:
    """Return the texts of a secret of which several count. Raises UsageError for what is neither a text nor several."""
    if given is None:
        return []
    if isinstance(given, bytes | bytearray) or not isinstance(given, Iterable):
        require_type(f"The secret {key}", given, (str,), "a text, or a list of texts", _GIVE_ONE)
    texts: list[Any] = list(given)
    for text in texts:
        require_type(f"The secret {key}", text, (str,), "a text in each place of the list", _GIVE_ONE)
    return texts


def require_url(verifier: WebhookVerifier, url: str | None) -> None:
    """Raise UsageError where the service signs the URL and none is given, or one that is no URL."""
    if not url and verifier.trigger.needs_url:
        hint = "Give the public URL, exactly as you entered it at the service."
        raise UsageError(f"Deliveries of {verifier.name} are signed with the URL that they are sent to.", hint=hint)
    if url:
        require_type("The URL", url, (str,), "a text")
    if url and not url.startswith(("https://", "http://")):
        raise UsageError("The URL must begin with https:// or http://.", hint="Give the whole URL, not its path.")


def verifier_for(connector: Connector, trigger: str | None = None, *, may_be_polled: bool = False) -> WebhookVerifier:
    """Return the verifier of a connector's trigger, compiled once.

    Raises UsageError for an unknown trigger, and for one that is polled, to which nothing is sent, unless that may be.
    """
    if not hasattr(connector, "manifest"):
        require_connector(connector)
    if trigger is not None:
        require_type("trigger", trigger, (str,), "the name of a trigger")
    triggers = connector.manifest.triggers if may_be_polled else connector.manifest.webhooks
    if not triggers and trigger is None:
        trigger = next(iter(connector.manifest.triggers), None)  # which is polled, if there is one
    if trigger in connector.manifest.triggers.keys() - triggers.keys():
        command = format_command("webhook", "watch", "--trigger", str(trigger))
        hint = f"'{command}' polls it; in a program, a Watcher does."
        raise UsageError(f"{trigger} is polled: the service sends it nothing.", hint=hint)
    name = trigger or next(iter(triggers), "")
    if name not in triggers:
        suggestion = did_you_mean(name, triggers) if name else ""
        raise UsageError(
            f"{connector.name} has no trigger {name!r}.{suggestion}", hint=f"It has {', '.join(triggers) or 'none'}."
        )
    signature = triggers[name].signature
    if signature is not None and signature.has_public_key:
        require("crypto", "cryptography")
    return connector.derive(_build_verifiers)[name]


def _build_verifiers(connector: Connector) -> dict[str, WebhookVerifier]:
    return {name: WebhookVerifier(name, trigger) for name, trigger in connector.manifest.triggers.items()}
