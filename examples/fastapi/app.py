"""A FastAPI application for many tenants: sign-in, calls, errors as HTTP replies, and a receiver of events.

`/acme/connect` sends a person of the tenant acme to consent, `/acme/meetings` lists and creates that tenant's meetings,
and the service sends events to `/events`. It runs without an account: in the sandbox when ZOOM_ variables name no app.
"""

from __future__ import annotations

import hmac
import math
import os
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import uvicorn
from fastapi import FastAPI, HTTPException, Request
from fastapi.responses import JSONResponse, RedirectResponse
from pydantic import BaseModel
from starlette.routing import Route

from connector import AsyncClient, Connector, Event, Receiver, begin_sign_in, errors, finish_sign_in, open_store
from connector.sandbox.events.sender import get_sandbox_secret
from connector.testing import Sandbox, serve

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@dataclass
class Settings:
    """What differs between installations; `oauth_inputs` are those of your OAuth app, `origin` is its own address."""

    origin: str
    oauth_inputs: dict[str, Any]
    webhook_secret: str
    store_url: str = field(default_factory=lambda: os.environ.get("CONNECTOR_STORE", "memory:"))
    inbox_url: str = field(default_factory=lambda: os.environ.get("CONNECTOR_INBOX", "sqlite:///inbox.sqlite"))


class NewMeeting(BaseModel):
    """What a caller may choose; the host is always the connected user."""

    topic: str
    duration: int = 30


def create_app(zoom: Connector, settings: Settings) -> FastAPI:
    """Return the application. All requests share one client; each call names the connection of its tenant."""
    store = open_store(settings.store_url)
    receiver = Receiver(zoom, settings.webhook_secret, inbox=settings.inbox_url)
    running: dict[str, str] = {}  # topics of meetings by id; in a table of yours, where there are several processes

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with AsyncClient(zoom, store=store) as app.state.client, receiver.lifespan():
            yield

    events = Route("/events", receiver, methods=["POST"])
    app = FastAPI(title="Meetings", lifespan=lifespan, routes=[events])
    app.add_exception_handler(errors.ConnectorError, reply_to_error)

    @receiver.on("meeting.started")
    async def note_start(event: Event) -> None:
        running[event.object["id"]] = event.object["topic"]

    @receiver.on("meeting.ended")
    async def note_end(event: Event) -> None:
        running.pop(event.object["id"], None)

    @app.get("/running")
    async def list_running() -> list[str]:
        return sorted(running.values())

    @app.get("/callback")  # a plain function: FastAPI runs it in a thread, since it waits for the service
    def finish(request: Request, state: str = "") -> RedirectResponse:
        begun = request.cookies.get("sign_in", "")
        if not begun or not hmac.compare_digest(begun.encode(), state.encode()):
            raise HTTPException(403, "This sign-in began in another browser.")
        connection = finish_sign_in(zoom, str(request.url), store=store)
        return RedirectResponse(f"{settings.origin}/{quote(connection.name, safe='')}/meetings")

    @app.get("/{tenant}/connect")
    def connect(tenant: str) -> RedirectResponse:
        callback = f"{settings.origin}/callback"
        begun = begin_sign_in(zoom, name=tenant, redirect_uri=callback, store=store, inputs=settings.oauth_inputs)
        reply = RedirectResponse(begun.url)
        is_secure = settings.origin.startswith("https://")
        reply.set_cookie("sign_in", begun.state, max_age=600, path="/callback", httponly=True, secure=is_secure)
        return reply

    # Here the path names the tenant; in your application, the session of who is logged in does.
    @app.get("/{tenant}/meetings")
    async def list_meetings(request: Request, tenant: str) -> list[dict[str, Any]]:
        given = {"userId": "me"}
        return [meeting async for meeting in request.app.state.client.items("listMeetings", given, connection=tenant)]

    @app.post("/{tenant}/meetings", status_code=201)
    async def create_meeting(request: Request, tenant: str, meeting: NewMeeting) -> dict[str, Any]:
        given = {"userId": "me", **meeting.model_dump()}
        made = await request.app.state.client.run("createMeeting", given, connection=tenant, timeout="20s")
        return {"id": made.data["id"], "join_url": made.data["join_url"]}

    return app


async def reply_to_error(_: Request, error: errors.ConnectorError) -> JSONResponse:
    """Tell a caller of ours what an error means for them."""
    content = {"detail": str(error), "outcome": error.outcome, "retryable": error.retryable}
    if isinstance(error, errors.InputError):
        content["problems"] = [problem.field for problem in error.problems]
    headers = {}
    if error.retry_at is not None:
        seconds = (error.retry_at - datetime.now(UTC)).total_seconds()
        headers["Retry-After"] = str(max(1, math.ceil(seconds)))
    return JSONResponse(content, choose_status(error), headers)


def choose_status(error: errors.ConnectorError) -> int:
    """Return the status of a reply: 4xx where the caller can act, 5xx where the service or this application must."""
    match error:
        case errors.InputError():
            return 422
        case errors.SignInError():
            return 403  # the tenant has to open /TENANT/connect
        case errors.NotFound():
            return 404
        case errors.RateLimited():
            return 503  # our limit at the service, not the caller's here
        case errors.DeadlineError():
            return 504
        case errors.ApiError() | errors.TransportError():
            return 502
    return 500


def main() -> None:
    """Serve until Ctrl-C. The access log stays off: the callback's path holds a code."""
    zoom = Connector.open()
    port = int(os.environ.get("PORT", "8000"))
    origin = os.environ.get("ORIGIN", f"http://127.0.0.1:{port}")
    asked = zoom.manifest.connections["oauth2"].inputs
    variables = zoom.manifest.environment_variables.items()
    inputs = {key: os.environ[name] for name, key in variables if key in asked and os.environ.get(name)}
    secret = os.environ.get("ZOOM_WEBHOOK_SECRET_TOKEN") or get_sandbox_secret(zoom)
    if not inputs:
        stand_in = serve(Sandbox(zoom).service)
        os.environ["ZOOM_BASE_URL"] = stand_in.url
        inputs = stand_in.build_oauth_inputs()
    app = create_app(zoom, Settings(origin, inputs, secret))
    print(f"Open {origin}/acme/connect", flush=True)
    uvicorn.run(app, host="127.0.0.1", port=port, log_level="warning", access_log=False)


if __name__ == "__main__":
    main()
