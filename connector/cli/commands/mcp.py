"""`connector mcp`: the connector as tools of an agent, over stdio or HTTP."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

import click

from connector.cli.context import connection_names
from connector.cli.context.connection_context import ConnectionContext
from connector.cli.context.context import (
    load_settings,
    open_connector,
    open_run_log,
    reject_store_with_sandbox,
    store_option,
)
from connector.cli.groups import StrictCommand, get_meta, global_options
from connector.cli.output import printer
from connector.cli.output.exit_codes import EXIT_DONE
from connector.core.redaction import MASK
from connector.errors import InputError, Problem, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from connector.integrations.mcp.http_server import ListenAddress
    from connector.integrations.mcp.server import ConnectorServer
    from connector.runtime.auth.credentials import Credentials
    from connector.runtime.calls.observer import Observer
    from connector.runtime.client.async_client import AsyncClient

_VARIABLE = "CONNECTOR_MCP_TOKEN"
_DEFAULT_ADDRESS = "127.0.0.1:8090"
_MIN_TOKEN_LENGTH = 32

_HELP = f"""Serve the connector to an agent by the Model Context Protocol: each action is a tool; of many actions, four
tools find, describe, read and write.

A client starts the command and talks to it over stdin and stdout. With --http, it serves over HTTP until Ctrl-C, and
prints its URL and, unless {_VARIABLE} is set, a new token: clients send it as a bearer token.

You choose the connection here; the agent cannot.
"""


@click.command("mcp", cls=StrictCommand, help=_HELP)
@click.option(
    "--connection",
    metavar="NAME",
    shell_complete=connection_names.complete_stored_names,
    help="The connection to use: a stored one, or a kind that the environment configures.",
)
@store_option
@click.option("--sandbox", is_flag=True, help="Use a sandbox of the service; nothing leaves the machine.")
@click.option("--read-only", is_flag=True, help="Offer only actions that change nothing.")
@click.option("--only", "groups", multiple=True, metavar="GROUP",
              help="Offer only the actions of this group of 'connector list'; repeatable.")  # fmt: skip
@click.option("--http", "http", is_flag=False, flag_value=_DEFAULT_ADDRESS, metavar="[HOST:PORT]",
              help=f"Serve over HTTP (default: {_DEFAULT_ADDRESS}; port 0: any free one).")  # fmt: skip
@click.option("--allow-host", "names", multiple=True, metavar="NAME",
              help="With --http: a name by which clients call the server; repeatable.")  # fmt: skip
@global_options
@click.pass_context
def mcp_command(ctx: click.Context, /, http: str | None, names: tuple[str, ...], **flags: Any) -> int:
    """Serve the connector."""
    if names and http is None:
        raise UsageError("--allow-host needs --http.", hint="Add --http, or remove --allow-host.")
    reject_store_with_sandbox(flags["store"], sandbox=flags["sandbox"])
    from connector.runtime.process.extras import require

    require("mcp", "mcp", *(["uvicorn"] if http else []))
    context = _open_context(ctx, flags)
    address = _parse_address(http, names)
    token = _read_token(context) if address else None
    log = open_run_log(context.connector, context.settings, sandbox=context.sandbox)
    client = _open_client(context, () if log is None else (log.observe("mcp", has_trace=True),))
    from connector.integrations.mcp.server import ConnectorServer

    server = ConnectorServer(client, groups=flags["groups"], read_only=flags["read_only"])
    try:
        if context.sandbox:
            context.note(context.sandbox_notice)
        _serve(context, server, client, address, token)
    except KeyboardInterrupt:  # how a server is stopped
        return EXIT_DONE
    finally:
        if log is not None:
            log.close()
    return EXIT_DONE


def _open_context(ctx: click.Context, flags: dict[str, Any]) -> ConnectionContext:
    settings = load_settings(ctx, connection=flags["connection"], store=flags["store"])
    return ConnectionContext(
        open_connector(settings), settings, sandbox=flags["sandbox"], quiet=bool(get_meta(ctx, "quiet"))
    )


def _open_client(context: ConnectionContext, observers: Sequence[Observer]) -> AsyncClient:
    """Return the client of the chosen connection. Raises SignInError, InputError or UsageError."""
    from connector.runtime.client.async_client import AsyncClient

    setting = context.settings.get("connection")
    sandbox = context.sandbox_instance
    connection: Credentials
    if sandbox is None:
        connection = connection_names.resolve_connection(context, setting.value)
    else:
        name = setting.value if setting.source.startswith("flag") else None
        stored = context.load_connection(name) if name else None
        if name and stored is None and name not in context.connector.manifest.connections:
            raise connection_names.build_unknown_error(context, name)
        connection = stored or sandbox.connection
    return AsyncClient(
        context.connector, connection, http=context.transport, base_url=context.base_url, rate_limit=context.budget,
        observe=observers,
    )  # fmt: skip


def _parse_address(http: str | None, names: tuple[str, ...]) -> ListenAddress | None:
    if http is None:
        return None
    from connector.integrations.mcp.http_server import ListenAddress

    return ListenAddress.parse(http, names)


def _read_token(context: ConnectionContext) -> str | None:
    """Return the token that the environment sets, or None. Raises InputError for one that is easily guessed."""
    value_and_source = context.settings.read_variable(_VARIABLE)
    if value_and_source is None:
        return None
    token, source = value_and_source
    if len(token) >= _MIN_TOKEN_LENGTH and token.isascii() and token.isprintable() and " " not in token:
        return token
    expected = f"at least {_MIN_TOKEN_LENGTH} letters and digits"
    fix = "make one with: python -c 'import secrets; print(secrets.token_urlsafe(32))'"
    problem = Problem(source.rpartition(" ")[2], MASK, expected, fix)
    raise InputError.from_problems("settings", [problem], undone="done")


def _serve(
    context: ConnectionContext,
    server: ConnectorServer,
    client: AsyncClient,
    address: ListenAddress | None,
    token: str | None,
) -> None:
    if address is None:
        from connector.integrations.mcp.stdio import serve_stdio

        serve_stdio(server.build(), client)
        return
    from connector.integrations.mcp.http_server import serve_http

    if not address.is_loopback:
        context.note("The token and all data cross the network in the clear: put a proxy with a certificate in front.")
    new_token = None if token else secrets.token_urlsafe(_MIN_TOKEN_LENGTH)

    def announce(url: str) -> None:
        printer.write_text(f"{url}\n{new_token}" if new_token else url)
        printer.flush()
        told = "the second line, which is not shown again" if new_token else f"the value of {_VARIABLE}"
        context.note(f"Serving {context.connector.manifest.label}. The bearer token is {told}. Press Ctrl-C to stop.")

    serve_http(server.build(), client, address, token or str(new_token), announce)
