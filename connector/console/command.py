"""`connector console`: look and work in a browser on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from connector.cli.context.connection_context import ConnectionContext
from connector.cli.context.context import load_settings, open_connector, reject_store_with_sandbox, store_option
from connector.cli.groups import StrictCommand, get_meta, global_options
from connector.cli.output import printer
from connector.cli.output.exit_codes import EXIT_DONE
from connector.cli.output.stdio import print_stderr, redirect_stdout_to_stderr

if TYPE_CHECKING:
    from collections.abc import Callable

_HELP = """Serve pages for a browser on this machine: connections, actions with their forms, and what was called.

It prints the address to open, which holds a key, and opens it in a browser. Only this machine can connect, and only a
browser that began at an address with a key. Press Ctrl-C to stop it.
"""


@click.command("console", cls=StrictCommand, help=_HELP)
@click.option("--port", type=click.IntRange(0, 65535), metavar="N",
              help="The port on 127.0.0.1 (default: 8095, or any free one).")  # fmt: skip
@click.option("--no-browser", is_flag=True, help="Only print the address.")
@click.option("--sandbox", is_flag=True, help="Work with a sandbox of the service; nothing leaves the machine.")
@click.option("--read-only", is_flag=True, help="Offer nothing that changes something.")
@click.option("--journals", type=click.Path(exists=True, file_okay=False, path_type=Path), metavar="FOLDER",
              help="Where journals of bulk runs are (default: this folder).")  # fmt: skip
@store_option
@global_options
@click.pass_context
def console_command(
    ctx: click.Context, /, port: int | None, store: str | None, journals: Path | None, **flags: Any
) -> int:
    """Serve the console."""
    reject_store_with_sandbox(store, sandbox=flags["sandbox"])
    from connector.runtime.process.extras import require

    require("console", "starlette", "jinja2", "uvicorn", "python_multipart", "sqlalchemy")
    settings = load_settings(ctx, store=store)
    context = ConnectionContext(
        open_connector(settings), settings, sandbox=flags["sandbox"], quiet=bool(get_meta(ctx, "quiet"))
    )
    from connector.console.desk import Desk
    from connector.console.server import serve_console

    desk = Desk(context, read_only=flags["read_only"], journals=journals)
    if context.sandbox:
        context.note(context.sandbox_notice)

    def announce(make_address: Callable[..., str]) -> None:
        printer.write_text(make_address())
        printer.flush()
        context.note("Open this address in a browser on this machine. Press Ctrl-C to stop.")
        if not flags["no_browser"]:
            _open_browser(make_address(once=True))

    try:
        serve_console(desk, port, announce)
    finally:
        desk.close()
    return EXIT_DONE


def _open_browser(address: str) -> None:
    """Open a browser beside the server, which may take its time."""
    import threading
    import webbrowser

    def open_address() -> None:
        try:
            webbrowser.open(address)
        except (webbrowser.Error, OSError):
            print_stderr("No browser could be opened.")

    with redirect_stdout_to_stderr():
        threading.Thread(target=open_address, name="connector-browser", daemon=True).start()
