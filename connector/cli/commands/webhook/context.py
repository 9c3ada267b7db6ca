"""The context of webhook commands: the trigger of their flags, and the flags."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from connector.cli.context.context import load_settings, open_connector
from connector.cli.groups import get_meta
from connector.cli.webhooks.trigger_context import TriggerContext
from connector.runtime.webhooks.verify import verifier_for

if TYPE_CHECKING:
    from collections.abc import Callable

    from connector.core.webhook.verifier import WebhookVerifier
    from connector.definition.loader import Connector


class WebhookContext(TriggerContext):
    """A command's trigger, signing secrets and inbox; with `sandbox`, the sandbox's own."""

    def __init__(
        self,
        ctx: click.Context,
        *,
        trigger: str | None,
        sandbox: bool,
        find_verifier: Callable[[Connector, str | None], WebhookVerifier] = verifier_for,
        **flags: Any,
    ) -> None:
        settings = load_settings(ctx, **flags)
        connector, quiet = open_connector(settings), bool(get_meta(ctx, "quiet"))
        super().__init__(connector, settings, find_verifier(connector, trigger), sandbox=sandbox, quiet=quiet)


trigger_option = click.option("--trigger", metavar="NAME", help="The trigger, if the connector has several.")
_sandbox_option = click.option("--sandbox", is_flag=True, help="Sign with the sandbox's secret, which is public.")
_inbox_option = click.option(
    "--inbox", metavar="URL", help="The inbox: sqlite:///PATH or postgresql://... (default: a file)."
)


def signing_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add --trigger and --sandbox."""
    return trigger_option(_sandbox_option(command))


def inbox_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add --inbox, --trigger and --sandbox."""
    return _inbox_option(signing_options(command))
