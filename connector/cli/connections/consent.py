"""Get consent through a browser on this machine, or through a pasted address."""

from __future__ import annotations

import sys
import threading
import time
import webbrowser
from typing import TYPE_CHECKING, Any

import click

from connector.cli.output import stdio
from connector.cli.output.stdio import print_stderr
from connector.errors import SignInError
from connector.runtime.auth.loopback_server import CALLBACK_PATH, CallbackServer

if TYPE_CHECKING:
    from collections.abc import Callable

    from connector.cli.context.connection_context import ConnectionContext
    from connector.runtime.auth.sign_in import SignIn
    from connector.runtime.storage.store import Store

    StartSignIn = Callable[[str], SignIn]

PASTE_REDIRECT_PORT = 8976  # the port of the redirect URI for pasting; nothing listens there
_BROWSER_START_TIMEOUT = 3.0  # seconds to wait for a browser that cannot be opened


def get_callback_via_browser(start_sign_in: StartSignIn, port: int, *, quiet: bool) -> str:
    """Open a browser, wait for its redirect to this machine, and return the redirected URL.

    `start_sign_in` receives the redirect URI. Raises SignInError if the port is in use, or on timeout.
    """
    with CallbackServer(port) as listener:
        sign_in = start_sign_in(listener.redirect_uri)
        listener.expect_state(sign_in.state)
        is_open = _open_browser(sign_in.url)
        if not is_open and not stdio.can_prompt():
            hint = f"Use --no-browser, or set BROWSER. The address is {sign_in.url}"
            raise SignInError("No browser could be opened.", hint=hint)
        if not is_open:
            print_stderr(f"No browser could be opened. Open this address on this machine:\n{sign_in.url}")
        elif not quiet:
            print_stderr(f"Sign in with the browser that opened this address.\n{sign_in.url}")
        return listener.wait()


def _open_browser(url: str) -> bool:
    """Open a browser; one that stays in the foreground counts as opened."""
    results: list[bool] = []

    def open_url() -> None:
        try:
            results.append(webbrowser.open(url))
        except (webbrowser.Error, OSError):
            results.append(False)

    thread = threading.Thread(target=open_url, name="connector-browser", daemon=True)
    with stdio.redirect_stdout_to_stderr():
        thread.start()
        thread.join(_BROWSER_START_TIMEOUT)
    return not results or results[0]


def get_callback_by_paste(start_sign_in: StartSignIn, redirect_uri: str) -> str:
    """Print the address to open, and return the pasted one. Raises SignInError if nothing is pasted."""
    sign_in = start_sign_in(redirect_uri)
    print_stderr(
        f"Open this address in a browser, on any machine:\n{sign_in.url}\n"
        f"The browser is then redirected to {redirect_uri}..., which may show an error page."
    )
    if stdio.can_prompt():
        callback_url: str = click.prompt("Paste the redirected address (input is hidden)", hide_input=True, err=True)
    else:
        callback_url = sys.stdin.readline() if sys.stdin is not None else ""
    if not callback_url.strip():
        raise SignInError("No address was pasted.", hint="Run the command again, and paste the whole address.")
    return callback_url.strip().strip("\"'<>")


def sign_in_with_code(context: ConnectionContext, target: tuple[str, str, dict[str, Any]], store: Store) -> None:
    """Show the code of a device and where to enter it, and wait for consent. Raises SignInError."""
    from connector.core.redaction import default_redactor
    from connector.runtime.auth.device_sign_in import begin_device_sign_in

    kind, name, inputs = target
    sign_in = begin_device_sign_in(
        context.connector, name=name, store=store, inputs=inputs, kind=kind, http=context.transport
    )
    url = default_redactor().redact_url(sign_in.url)
    minutes = max(1, round((sign_in.expires_at - time.time()) / 60))
    print_stderr(
        f"Open this address in a browser, on any machine, and enter the code {sign_in.user_code}\n{url}\n"
        f"The code is valid for {minutes} min; this command waits for you."
    )
    sign_in.wait()


def build_paste_redirect_uri(port: int) -> str:
    """Return the redirect URI for pasting."""
    return f"http://127.0.0.1:{port or PASTE_REDIRECT_PORT}{CALLBACK_PATH}"
