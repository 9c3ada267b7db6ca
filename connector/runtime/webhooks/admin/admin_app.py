"""The application that answers who watches a receiver: /healthz, /readyz and /metrics."""

from __future__ import annotations

import asyncio
import contextlib
import json
from typing import TYPE_CHECKING, Any

from connector.runtime.webhooks import asgi
from connector.runtime.webhooks.admin.health import LOOP_TIMEOUT, Health, format_reasons
from connector.runtime.webhooks.admin.metrics import CONTENT_TYPE, ReceiverMetrics

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from connector.runtime.webhooks.asgi import App

_METHODS = ("GET", "HEAD")


def build_admin_app(health: Health) -> App:
    """Return the ASGI application. It only reads, and tells no secret and nothing of an event."""
    metrics = ReceiverMetrics(health)

    async def answer_health() -> tuple[int, str, bytes]:
        alive = await health.is_alive()
        shown: dict[str, Any] = {"alive": alive}
        if not alive:
            shown["reason"] = f"The event loop did not answer within {LOOP_TIMEOUT:g} s."
        return (200 if alive else 503), "application/json", json.dumps(shown).encode()

    async def answer_readiness() -> tuple[int, str, bytes]:
        reasons = await health.find_reasons()
        return (503 if reasons else 200), "application/json", json.dumps(format_reasons(reasons)).encode()

    async def answer_metrics() -> tuple[int, str, bytes]:
        return 200, CONTENT_TYPE, await asyncio.to_thread(metrics.render)

    pages = {"/healthz": answer_health, "/readyz": answer_readiness, "/metrics": answer_metrics}

    async def app(scope: asgi.Scope, receive: asgi.Receive, send: asgi.Send) -> None:
        if scope["type"] == "lifespan":
            await asgi.run_lifespan(_do_nothing, receive, send)
        elif scope["type"] == "http" and scope["path"] in pages:
            if scope["method"] not in _METHODS:
                await asgi.send_error(scope, send, 405, _METHODS)
                return
            status, content_type, content = await pages[scope["path"]]()
            headers = [
                (b"content-type", content_type.encode()),
                (b"content-length", b"%d" % len(content)),
                (b"cache-control", b"no-store"),
                (b"x-content-type-options", b"nosniff"),
            ]
            await send({"type": "http.response.start", "status": status, "headers": headers})
            await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else content})
        else:
            await asgi.send_error(scope, send, 404)

    return app


@contextlib.asynccontextmanager
async def _do_nothing() -> AsyncIterator[None]:
    yield
