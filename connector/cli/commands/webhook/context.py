"""What the commands of webhooks share: the trigger, the secret that signs, and the inbox that keeps what came."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from connector.cli.context.run_options import connector_of, settings
from connector.cli.context.settings import default_inbox
from connector.cli.groups import kept
from connector.cli.output import stdio as streams
from connector.definition.fields import snake
from connector.errors import UsageError
from connector.runtime.webhooks.verify import scheme_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from connector.core.webhook.signature import Scheme
    from connector.definition.fields import FormField
    from connector.definition.loader import Connector
    from connector.runtime.webhooks.inbox import Inbox


class Desk:
    """A connector's trigger as a command uses it; with `sandbox`, the stand-in's: its secret, an inbox of its own."""

    def __init__(self, context: click.Context, *, trigger: str | None, sandbox: bool, **flags: Any) -> None:
        self.settings = settings(context, **flags)
        self.connector: Connector = connector_of(self.settings)
        self.sandbox = sandbox
        self.scheme: Scheme = scheme_of(self.connector, trigger)
        self.quiet = bool(kept(context, "quiet"))

    @property
    def label(self) -> str:
        """What the service is called."""
        return self.connector.manifest.label

    @property
    def source(self) -> str:
        """What an inbox keeps the trigger's events under."""
        return f"{self.connector.name}.{self.scheme.name}"

    @property
    def _input(self) -> tuple[str, FormField]:
        """The trigger's input that holds the secret."""
        asked = self.scheme.trigger.inputs.items()
        found = next(((key, spec) for key, spec in asked if spec.secret), None)
        if found is None:
            raise UsageError(f"The trigger {self.scheme.name} asks for no secret.", hint="Add an input: type password.")
        return found

    @property
    def variable(self) -> str:
        """The environment variable of the secret."""
        return f"{self.connector.name}_{snake(self._input[0])}".upper()

    @property
    def hint(self) -> str:
        """Where the service shows the secret."""
        return self._input[1].help

    def secrets(self) -> list[str]:
        """Return the secret, or several while one takes the place of another: the environment's, else a person's.

        Raises UsageError that says which is missing and where the service shows it.
        """
        if self.sandbox:
            from connector.sandbox.events.sender import stand_in_secret

            return [stand_in_secret(self.connector, self.scheme.name)]
        found = self.settings.variable(self.variable)
        key, spec = self._input
        text = found[0] if found else ""
        if not text.strip() and streams.asking():
            shown = f"{spec.label} ({key}: {spec.help.rstrip('.')}; it does not show while you type)"
            text = click.prompt(shown, hide_input=True, err=True)
        secrets = text.split()  # a secret has no spaces in it
        if not secrets:
            hint = f"Set {self.variable}, or name a file that holds it in {self.variable}_FILE; or try --sandbox."
            raise UsageError(f"{self.variable} is not set. {spec.label}: {spec.help}", hint=hint)
        for one in secrets:
            self.scheme.secret(one)
        return secrets

    @property
    def inbox_url(self) -> str:
        """Where events are kept: as the settings say, else a database in this user's data folder."""
        chosen = self.settings.get("inbox")
        if chosen.value and (chosen.source.startswith("flag") or not self.sandbox):
            return str(chosen.value)
        return default_inbox(f"{self.connector.name}-sandbox" if self.sandbox else self.connector.name)

    def inbox(self) -> Inbox:
        """Open the inbox. Raises UsageError, StoreError."""
        from connector.runtime.database.connect import require

        require("sqlalchemy")
        from connector.runtime.webhooks.inbox import Inbox

        return Inbox(self.inbox_url)


trigger_option = click.option("--trigger", metavar="NAME", help="Which trigger, where the connector has several.")
_sandbox = click.option("--sandbox", is_flag=True, help="Sign with the stand-in's secret, which everybody knows.")
_inbox = click.option(
    "--inbox", metavar="URL", help="Where events are kept: sqlite:///PATH, or postgresql://... (default: a file)."
)


def signing_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that say which secret signs: --trigger and --sandbox."""
    return trigger_option(_sandbox(command))


def inbox_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that say where events are kept, beside the trigger's."""
    return _inbox(signing_options(command))
