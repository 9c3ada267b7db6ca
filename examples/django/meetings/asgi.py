"""The ASGI application: Django, and beside it the receiver at /events, which delivers as long as the server runs."""

from __future__ import annotations

import os
from typing import Any

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "meetings.settings")
web_pages = get_asgi_application()  # before what needs the settings or the models

from django.conf import settings  # noqa: E402
from django.db import close_old_connections  # noqa: E402

from connector import Event, Receiver  # noqa: E402
from meetings.models import StartedMeeting  # noqa: E402
from meetings.service import WEBHOOK_SECRET, ZOOM  # noqa: E402

receiver = Receiver(ZOOM, WEBHOOK_SECRET, inbox=settings.CONNECTOR_INBOX)


@receiver.on("meeting.started")
def note_start(event: Event) -> None:
    """Keep a start. A plain function runs in a thread, so it may use Django's models."""
    close_old_connections()
    StartedMeeting.objects.get_or_create(event_key=event.key, defaults={"topic": event.object["topic"], "at": event.at})


async def application(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Pass a request on; the receiver also takes the start and the end of the server, which Django does not."""
    is_for_receiver = scope["type"] == "lifespan" or scope["path"] == "/events"
    await (receiver if is_for_receiver else web_pages)(scope, receive, send)
