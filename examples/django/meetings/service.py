"""The connector of this project: one client for all views of a process, and the app at the service."""

from __future__ import annotations

import functools
import os
from typing import Any

from django.conf import settings

from connector import Client, Connector, open_store
from connector.sandbox.events.sender import get_sandbox_secret
from connector.testing import Sandbox, serve

ZOOM = Connector.open()
STORE = open_store(settings.CONNECTOR_STORE)
WEBHOOK_SECRET = os.environ.get("ZOOM_WEBHOOK_SECRET_TOKEN") or get_sandbox_secret(ZOOM)


@functools.cache
def get_oauth_inputs() -> dict[str, Any]:
    """Return the inputs of your OAuth app, as ZOOM_CLIENT_ID and the like say them, or those of the sandbox."""
    asked = ZOOM.manifest.connections["oauth2"].inputs
    variables = ZOOM.manifest.environment_variables.items()
    found = {key: os.environ[name] for name, key in variables if key in asked and os.environ.get(name)}
    if found:
        return found
    stand_in = serve(Sandbox(ZOOM).service)
    os.environ["ZOOM_BASE_URL"] = stand_in.url
    return stand_in.build_oauth_inputs()


@functools.cache
def get_client() -> Client:
    """Return the client, which threads share and which survives a fork; each call names its connection."""
    get_oauth_inputs()  # the sandbox, if there is one, has to be there first
    return Client(ZOOM, store=STORE)
