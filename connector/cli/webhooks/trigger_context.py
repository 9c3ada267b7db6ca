"""A connector's trigger: its signing secrets and its inbox."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import click

from connector.cli.context.context import CommandContext
from connector.cli.context.locations import find_url
from connector.cli.output import stdio
from connector.definition.case import to_snake_case
from connector.errors import UsageError
from connector.first_use import prepare_pattern

if TYPE_CHECKING:
    from connector.cli.context.settings import Settings
    from connector.core.webhook.verifier import WebhookVerifier
    from connector.definition.fields import FormField
    from connector.definition.loader import Connector
    from connector.runtime.webhooks.inbox import Inbox

_PEM = prepare_pattern(r"-----BEGIN [A-Z ]+-----.+?-----END [A-Z ]+-----", re.DOTALL)  # a key on several lines


class TriggerContext(CommandContext):
    """A trigger with its signing secrets and inbox; with `sandbox`, the sandbox's own.

    `may_prompt` lets a missing secret be asked for, on a terminal.
    """

    def __init__(
        self,
        connector: Connector,
        settings: Settings,
        verifier: WebhookVerifier,
        *,
        sandbox: bool = False,
        quiet: bool = False,
        may_prompt: bool = True,
    ) -> None:
        super().__init__(connector, settings, sandbox=sandbox, quiet=quiet)
        self.verifier = verifier
        self._may_prompt = may_prompt

    @property
    def events_command(self) -> str:
        """The command line that lists the events of this inbox."""
        return self.format_command("webhook", "events")

    @property
    def label(self) -> str:
        """The name of the service."""
        return self.connector.manifest.label

    @property
    def event_source(self) -> str:
        """The source of the trigger's events in an inbox."""
        return f"{self.connector.name}.{self.verifier.name}"

    @property
    def _secret_input(self) -> tuple[str, FormField]:
        """The input of the trigger with its secret or public key. Raises UsageError if there is none."""
        secret_input = self.verifier.trigger.key_input
        if secret_input is None:
            raise UsageError(
                f"The trigger {self.verifier.name} has no secret.", hint="Add an input of type password to the trigger."
            )
        return secret_input

    @property
    def secret_variable(self) -> str:
        """The environment variable of the secret."""
        return self._format_variable(self._secret_input[0])

    def _format_variable(self, key: str) -> str:
        return f"{self.connector.name}_{to_snake_case(key)}".upper()

    @property
    def secret_hint(self) -> str:
        """Where to find the secret at the service."""
        return self._secret_input[1].help

    def read_secrets(self) -> dict[str, list[str]]:
        """Return the secrets by input (several of one during a rotation), of the environment or of a prompt.

        Raises UsageError that names the missing variable and where to find the secret.
        """
        if self.sandbox:
            from connector.sandbox.events.sender import get_sandbox_secrets

            secrets = get_sandbox_secrets(self.connector, self.verifier.name)
            return {key: [secret] for key, secret in secrets.items()}
        inputs = dict([self._secret_input]) | self.verifier.trigger.key_inputs
        return {key: self._read_secret(key, field) for key, field in inputs.items()}

    def _read_secret(self, key: str, field: FormField) -> list[str]:
        variable = self._format_variable(key)
        value_and_source = self.settings.read_variable(variable)
        text = value_and_source[0] if value_and_source else ""
        if not text.strip() and self._may_prompt and stdio.can_prompt():
            prompt = f"{field.label} ({key}: {field.help.rstrip('.')}; input is hidden)"
            text = click.prompt(prompt, hide_input=True, err=True)
        secrets = _PEM.findall(text) or text.split()  # a secret has no spaces
        if not secrets:
            challenge = self.verifier.trigger.challenge
            is_handed_over = challenge is not None and challenge.keep_as == key
            hint = f"Set {variable}, or name its file in {variable}_FILE; or try --sandbox."
            if is_handed_over:
                hint = f"'connector webhook serve --accept-handshake FILE' takes it from the service. {hint}"
            raise UsageError(f"{variable} is not set. {field.label}: {field.help}", hint=hint)
        for secret in secrets:
            self.verifier.decode_secret(secret, key)
        return secrets

    @property
    def inbox_url(self) -> str:
        """The URL of the inbox: of the settings, else a database in the user's data folder."""
        return str(find_url("inbox", self.connector, self.settings, sandbox=self.sandbox))

    def open_inbox(self) -> Inbox:
        """Open the inbox. Raises UsageError, StoreError."""
        from connector.runtime.process.extras import require

        require("sql", "sqlalchemy")
        from connector.runtime.webhooks.inbox import Inbox

        return Inbox(self.inbox_url)
