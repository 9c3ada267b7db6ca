"""How a person consents: in a browser on this machine, or in any browser with the address pasted here."""

from __future__ import annotations

import sys
import threading
import webbrowser
from typing import TYPE_CHECKING

import click

from connector.cli.output import stdio
from connector.cli.output.stdio import print_stderr
from connector.errors import SignInError
from connector.runtime.auth.loopback_server import CALLBACK_PATH, CallbackServer

if TYPE_CHECKING:
    from collections.abc import Callable

    from connector.runtime.auth.sign_in import SignIn

    StartSignIn = Callable[[str], SignIn]

PASTE_REDIRECT_PORT = 8976  # of the address that a browser elsewhere is sent to; nobody listens there
_BROWSER_START_TIMEOUT = 3.0  # seconds for a browser that cannot be opened to say so


def get_callback_via_browser(start_sign_in: StartSignIn, port: int, *, quiet: bool) -> str:
    """Open a browser, wait for it to come back to this machine, and return the address that it came to.

    `begin` takes the redirect URI. Raises SignInError when the port is taken, and when nobody comes back in time.
    """
    with CallbackServer(port) as listener:
        sign_in = start_sign_in(listener.redirect_uri)
        listener.expect_state(sign_in.state)
        is_open = _open_browser(sign_in.url)
        if not is_open and not stdio.can_prompt():
            hint = f"Use --no-browser, or set BROWSER. The address to open is {sign_in.url}"
            raise SignInError("No browser could be opened here.", hint=hint)
        if not is_open:
            print_stderr(f"No browser could be opened. Open this address on this machine:\n{sign_in.url}")
        elif not quiet:
            print_stderr(f"Your browser is open at this address; sign in there.\n{sign_in.url}")
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
    """Print the address to open, and return the one that a person pastes. Raises SignInError when nothing comes."""
    sign_in = start_sign_in(redirect_uri)
    print_stderr(
        f"Open this address in a browser, on any machine:\n{sign_in.url}\n"
        f"The browser is then sent to an address that begins with {redirect_uri}, and need not find anything there."
    )
    if stdio.can_prompt():
        callback_url: str = click.prompt("Paste that address (it does not show)", hide_input=True, err=True)
    else:
        callback_url = sys.stdin.readline() if sys.stdin is not None else ""
    if not callback_url.strip():
        raise SignInError("No address was pasted.", hint="Run it again, and paste the whole address.")
    return callback_url.strip().strip("\"'<>")


def build_paste_redirect_uri(port: int) -> str:
    """Return where a browser is sent whose address is pasted."""
    return f"http://127.0.0.1:{port or PASTE_REDIRECT_PORT}{CALLBACK_PATH}"
