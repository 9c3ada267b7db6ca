"""AWS Lambda behind an API Gateway HTTP API: one function for calls, one for the events of the service.

The handlers are `handler.create_meeting` and `handler.take_event`. A Lambda has no disk that lasts, so connections and
events are in a database: CONNECTOR_STORE and CONNECTOR_INBOX are `postgresql://...`, CONNECTOR_KEY seals the secrets,
and ZOOM_WEBHOOK_SECRET_TOKEN is the service's. What is made outside of the handlers is made once for each instance of
the function, and is there again when the instance gets its next request.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
from typing import Any

from connector import Client, Connector, Receiver, errors, open_store

MARGIN = 2.0  # seconds that remain to answer when a call has used its time

zoom = Connector.open()
client = Client(zoom, store=open_store())  # the store of CONNECTOR_STORE; connections stay open between invocations
receiver = Receiver(zoom, os.environ["ZOOM_WEBHOOK_SECRET_TOKEN"], inbox=os.environ["CONNECTOR_INBOX"])


def create_meeting(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Create a meeting for the tenant that the route's authorizer found; the body is a JSON object of inputs."""
    tenant = event["requestContext"]["authorizer"]["jwt"]["claims"]["tenant"]
    timeout = context.get_remaining_time_in_millis() / 1000 - MARGIN  # an answer, not a function that was cut off
    try:
        given = {**json.loads(read_body(event)), "userId": "me"}
        made = client.run("createMeeting", given, connection=tenant, timeout=timeout).data
    except errors.ConnectorError as error:
        return build_reply(choose_status(error), {"detail": str(error), "outcome": error.outcome})
    return build_reply(201, {"id": made["id"], "join_url": made["join_url"]})


def take_event(event: dict[str, Any], context: Any) -> dict[str, Any]:  # noqa: ARG001
    """Verify a delivery and keep it; the answer is 200 when it is in the database, and not before.

    `connector webhook serve` on another machine, with the same CONNECTOR_INBOX, delivers what is kept here.
    """
    answer = asyncio.run(receiver.handle(event["headers"], read_body(event)))
    return build_reply(answer.status, answer.content)


def read_body(event: dict[str, Any]) -> bytes:
    """Return the bytes of a request as they were sent; the gateway encodes what may not be text."""
    body = event.get("body") or ""
    return base64.b64decode(body) if event.get("isBase64Encoded") else body.encode()


def build_reply(status: int, content: Any) -> dict[str, Any]:
    """Return a reply in the gateway's payload format 2.0."""
    body = "" if content is None else json.dumps(content)
    return {"statusCode": status, "headers": {"content-type": "application/json"}, "body": body}


def choose_status(error: errors.ConnectorError) -> int:
    """Return the status that tells a caller who has to act."""
    match error:
        case errors.InputError():
            return 422
        case errors.SignInError():
            return 403
        case errors.DeadlineError():
            return 504
        case errors.RateLimited():
            return 503
    return 502
