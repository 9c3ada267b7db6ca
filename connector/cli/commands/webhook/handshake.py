"""The file of a secret that a service hands over by its first delivery, which is not signed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from connector.cli.output.stdio import print_stderr
from connector.errors import StoreError, UsageError
from connector.runtime.files import private_files
from connector.runtime.webhooks.verify import require_handshake

if TYPE_CHECKING:
    from connector.cli.commands.webhook.context import WebhookContext

OPTION = "--accept-handshake"


class SecretFile:
    """A private file with the secret of a trigger, or where it will be; the secret is shown to nobody.

    Raises UsageError with the sandbox, whose secret is known, and for a service that hands over none.
    """

    def __init__(self, context: WebhookContext, path: str) -> None:
        if context.sandbox:
            hint = "Remove one of them: 'webhook send challenge --sandbox' tries the handshake."
            raise UsageError(f"{OPTION} and --sandbox cannot be combined: the sandbox's secret is known.", hint=hint)
        require_handshake(context.verifier)
        self._context, self._path = context, Path(path).absolute()

    def read(self) -> list[str]:
        """Return the secret that was saved, nothing where no file is. Raises StoreError, UsageError for no secret."""
        content = private_files.read_file(self._path)
        if content is None:
            return []
        secrets = [line for line in content.decode("utf-8", "replace").splitlines() if line.strip()]
        if not secrets:  # such as after a full disk: none could be saved there
            raise UsageError(f"{self._path} has no secret.", hint="Remove it, and start again.")
        for secret in secrets:
            self._context.verifier.decode_secret(secret)
        return secrets

    def save(self, secret: str) -> None:
        """Save a secret durably, and say where it is. Raises StoreError, also where the file exists by now."""
        try:
            private_files.make_folder(self._path.parent)
            private_files.create_private(self._path, f"{secret}\n".encode())
            private_files.sync_folder(self._path.parent)
        except FileExistsError:
            hint = "Start this receiver again: it reads the secret then."
            raise StoreError(
                f"{self._path} has the secret of another receiver.", hint=hint, path=str(self._path)
            ) from None
        except OSError as error:
            raise private_files.build_store_error(error, self._path) from error
        print_stderr(
            f"{self._context.label} handed over its secret: it is in {self._path}, and no other one is accepted. "
            f"{self._context.secret_hint}"
        )

    def describe(self) -> str:
        """Return what is accepted, and until when."""
        hint = "Make the subscription now: until it arrives, anybody who knows the URL could send one."
        return f"Waiting for the secret of {self._context.label}, which will be saved in {self._path}. {hint}"
