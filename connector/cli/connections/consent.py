"""How a person consents: in a browser on this machine, or in any browser with the address pasted here."""

from __future__ import annotations

import sys
import threading
import webbrowser
from typing import TYPE_CHECKING

import click

from connector.cli.output import errors as failure
from connector.cli.output import stdio as streams
from connector.errors import SignInError
from connector.runtime.auth.loopback_server import PATH, Listener

if TYPE_CHECKING:
    from collections.abc import Callable

    from connector.runtime.auth.sign_in import SignIn

    Begin = Callable[[str], SignIn]

PASTE_PORT = 8976  # of the address that a browser elsewhere is sent to; nobody listens there
_PATIENCE = 3.0  # seconds for a browser that cannot be opened to say so


def in_browser(begin: Begin, port: int, *, quiet: bool) -> str:
    """Open a browser, wait for it to come back to this machine, and return the address that it came to.

    `begin` takes the redirect URI. Raises SignInError when the port is taken, and when nobody comes back in time.
    """
    with Listener(port) as listener:
        begun = begin(listener.redirect_uri)
        listener.expect(begun.state)
        opened = _opened(begun.url)
        if not opened and not streams.asking():
            hint = f"Use --no-browser, or set BROWSER. The address to open is {begun.url}"
            raise SignInError("No browser could be opened here.", hint=hint)
        if not opened:
            failure.say(f"No browser could be opened. Open this address on this machine:\n{begun.url}")
        elif not quiet:
            failure.say(f"Your browser is open at this address; sign in there.\n{begun.url}")
        return listener.wait()


def _opened(url: str) -> bool:
    """Open a browser; one that stays in the foreground counts as opened."""
    answers: list[bool] = []

    def work() -> None:
        try:
            answers.append(webbrowser.open(url))
        except (webbrowser.Error, OSError):
            answers.append(False)

    thread = threading.Thread(target=work, name="connector-browser", daemon=True)
    with streams.talking_aside():
        thread.start()
        thread.join(_PATIENCE)
    return not answers or answers[0]


def pasted(begin: Begin, redirect_uri: str) -> str:
    """Print the address to open, and return the one that a person pastes. Raises SignInError when nothing comes."""
    begun = begin(redirect_uri)
    failure.say(
        f"Open this address in a browser, on any machine:\n{begun.url}\n"
        f"The browser is then sent to an address that begins with {redirect_uri}, and need not find anything there."
    )
    if streams.asking():
        came: str = click.prompt("Paste that address (it does not show)", hide_input=True, err=True)
    else:
        came = sys.stdin.readline() if sys.stdin is not None else ""
    if not came.strip():
        raise SignInError("No address was pasted.", hint="Run it again, and paste the whole address.")
    return came.strip().strip("\"'<>")


def paste_redirect(port: int) -> str:
    """Return where a browser is sent whose address is pasted."""
    return f"http://127.0.0.1:{port or PASTE_PORT}{PATH}"
