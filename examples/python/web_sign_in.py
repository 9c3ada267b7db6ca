"""A web application whose tenants connect their own accounts; in the sandbox when ZOOM_ variables name no app.

`/acme/connect` sends a person of the tenant acme to consent, `/callback` fetches the tokens, `/acme/me` uses them.
What waits between the steps is in the store, so any process that has the same store may answer the callback.
"""

from __future__ import annotations

import hmac
import os
from http.cookies import SimpleCookie
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, quote
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

from connector import Client, Connector, begin_sign_in, errors, finish_sign_in, open_store
from connector.sandbox.data.state import SandboxState
from connector.sandbox.http_server import serve
from connector.sandbox.service import SandboxService

if TYPE_CHECKING:
    from collections.abc import Iterable
    from wsgiref.types import StartResponse, WSGIEnvironment

Answer = tuple[str, list[tuple[str, str]], str]  # status, headers, text


class Application:
    """A WSGI application; `origin` is its own address, as the OAuth app's redirect URL has it."""

    def __init__(self, connector: Connector, store: Any, inputs: dict[str, Any], origin: str) -> None:
        self.connector, self.store, self.inputs, self.origin = connector, store, inputs, origin

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request."""
        try:
            status, headers, text = self.answer(environ)
        except errors.SignInError as error:
            status, headers, text = "403 Forbidden", [], f"{error}\n"
        except errors.ConnectorError as error:
            status, headers, text = "502 Bad Gateway", [], f"{error}\n"
        plain = [("Content-Type", "text/plain; charset=utf-8"), ("Cache-Control", "no-store")]
        start_response(status, [*plain, ("Referrer-Policy", "no-referrer"), *headers])
        return [text.encode()]

    def answer(self, environ: WSGIEnvironment) -> Answer:
        """Find who is asked for what. Here the path names the tenant; in yours, the session of who is logged in."""
        match environ["PATH_INFO"].strip("/").split("/"):
            case ["callback"]:
                return self.finish(environ)
            case [tenant, "connect"]:
                return self.begin(tenant)
            case [tenant, "me"]:
                return self.me(tenant)
        return "404 Not Found", [], "Try /acme/connect.\n"

    def begin(self, tenant: str) -> Answer:
        """Send a person to consent; the cookie remembers which browser that was."""
        redirect_uri = f"{self.origin}/callback"
        begun = begin_sign_in(
            self.connector, name=tenant, redirect_uri=redirect_uri, store=self.store, inputs=self.inputs
        )
        secure = "; Secure" if self.origin.startswith("https://") else ""
        cookie = f"sign_in={begun.state}; Path=/callback; Max-Age=600; HttpOnly; SameSite=Lax{secure}"
        return "302 Found", [("Location", begun.url), ("Set-Cookie", cookie)], ""

    def finish(self, environ: WSGIEnvironment) -> Answer:
        """Fetch and keep the tokens, if the browser that comes back is the one that was sent."""
        query = environ.get("QUERY_STRING", "")
        cookie = SimpleCookie(environ.get("HTTP_COOKIE", "")).get("sign_in")
        state = parse_qs(query).get("state", [""])[0]
        if cookie is None or not hmac.compare_digest(cookie.value.encode(), state.encode()):
            return "403 Forbidden", [], "This sign-in began in another browser.\n"
        connection = finish_sign_in(self.connector, f"?{query}", store=self.store)
        return "302 Found", [("Location", f"{self.origin}/{quote(connection.name, safe='')}/me")], ""

    def me(self, tenant: str) -> Answer:
        """Say whose account the tenant's is; its token is renewed, and kept, when it must be."""
        with Client(self.connector, tenant, store=self.store) as client:
            user = client.run("getUser", {"userId": "me"}).data
        return "200 OK", [], f"{tenant} is connected as {user['email']}.\n"


class Quiet(WSGIRequestHandler):
    """Logs no request: the callback's path holds a code."""

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


def oauth_app(connector: Connector) -> dict[str, Any]:
    """Return the inputs of your OAuth app, as ZOOM_CLIENT_ID and the like say them, or those of a stand-in."""
    asked = connector.manifest.connections["oauth2"].inputs
    variables = connector.manifest.environment_variables.items()
    found = {key: os.environ[name] for name, key in variables if key in asked and os.environ.get(name)}
    if found:
        return found
    stand_in = serve(SandboxService(connector, SandboxState(None)))
    os.environ["ZOOM_BASE_URL"] = stand_in.url
    return stand_in.build_oauth_inputs()


def main() -> None:
    """Serve until Ctrl-C. The store is that of CONNECTOR_STORE; its secrets are sealed when CONNECTOR_KEY is set."""
    zoom = Connector.open()
    inputs = oauth_app(zoom)
    with WSGIServer(("127.0.0.1", int(os.environ.get("PORT", "8000"))), Quiet) as server:
        origin = os.environ.get("ORIGIN", f"http://127.0.0.1:{server.server_port}")
        store = open_store(os.environ.get("CONNECTOR_STORE", "memory:"))
        server.set_app(Application(zoom, store, inputs, origin))
        print(f"Open {origin}/acme/connect", flush=True)
        server.serve_forever()


if __name__ == "__main__":
    main()
