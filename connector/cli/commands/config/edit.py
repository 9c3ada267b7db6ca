"""`connector config set` and `connector config trust`."""

from __future__ import annotations

from pathlib import Path

import click

from connector.cli.context.config_edit import set_value
from connector.cli.context.config_file import PROFILES, PROJECT_FILE_NAME, ConfigFile, config_path, parse_config
from connector.cli.context.context import load_settings
from connector.cli.context.project import find_project_file, find_trust, set_trust
from connector.cli.groups import StrictCommand, get_meta, global_options
from connector.cli.output.printer import write_text
from connector.errors import ConnectorError, DefinitionError, StoreError, UsageError


class _SetCommand(StrictCommand):
    """Tells that key and value are two words."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse the arguments. Raises UsageError for KEY=VALUE."""
        words = [arg for arg in args if not arg.startswith("-")]
        key, separator, _ = words[0].partition("=") if words else ("", "", "")
        if separator and not ctx.resilient_parsing:
            raise click.UsageError(f"Key and value are two words: {ctx.command_path} {key} VALUE", ctx)
        return super().parse_args(ctx, args)


@click.command("set", cls=_SetCommand)
@click.argument("key", metavar="KEY")
@click.argument("value", metavar="VALUE")
@click.option("--user", "is_user", is_flag=True, help="In your own config file, which no project has.")
@global_options
@click.pass_context
def set_command(ctx: click.Context, /, key: str, value: str, *, is_user: bool) -> None:
    """Set KEY to VALUE in the project file of this folder or above, else in a new one here; with --profile, in it."""
    from connector.runtime.files.atomic import replace_file
    from connector.runtime.files.named_output import follow_links

    profile = get_meta(ctx, "profile")
    path = config_path() if is_user else find_project_file() or Path.cwd() / PROJECT_FILE_NAME
    names = [*([PROFILES, profile] if profile else []), key.replace("-", "_")]
    try:
        raw = path.read_bytes() if path.exists() else b""
        if raw:
            parse_config(raw, path, is_project=not is_user)  # a file with mistakes is told, not changed
        is_trusted = not is_user and find_trust(path) == "trusted"
        changed = set_value(raw.decode(), names, value).encode()
        file = _check_changed(changed, path, is_project=not is_user)
        _check_use(ctx, names[-1], file, profile)
        path.parent.mkdir(parents=True, exist_ok=True)
        if is_user:
            replace_file(follow_links(path), changed)
        else:
            path.write_bytes(changed)  # a file of the project, with the rights of one
    except OSError as error:
        hint = "Check the path and its permissions."
        raise StoreError(f"{path}: {error.strerror}.", path=str(path), hint=hint) from None
    if is_trusted:  # whoever sets it here has said so, and is not asked again
        set_trust(path, trusted=True)
    write_text(f"{'.'.join(names)} is set in {path}.")


def _check_changed(raw: bytes, path: Path, *, is_project: bool) -> ConfigFile:
    """Parse the text that would be written. Raises UsageError without its lines, as no file has them."""
    try:
        return parse_config(raw, path, is_project=is_project)
    except DefinitionError as error:
        told = "\n".join(finding.message for finding in error.findings)
        raise UsageError(f"{told}\nNothing was set in {path}.") from None


def _check_use(ctx: click.Context, key: str, file: ConfigFile, profile: str | None) -> None:
    """Check that what uses the setting can use its value. Raises UsageError."""
    from connector.cli.context.setting_use import check_use

    values = {**file.values, **(file.profiles[profile] if profile else {})}
    try:
        check_use(key, values, get_meta(ctx, "connector"))
    except ConnectorError as error:
        raise UsageError(f"{key}: {error}\nNothing was set in {file.path}.") from None


@click.command("trust", cls=StrictCommand)
@click.option("--remove", is_flag=True, help="Trust it no longer.")
@global_options
@click.pass_context
def trust_command(ctx: click.Context, /, *, remove: bool) -> None:
    """Trust the project file of this folder or above: the connector and store that it names get your credentials.

    Look at both first: the connector's `base_url` and `allowed_hosts` are where they go. It is trusted as it is now.
    """
    settings = load_settings(ctx)
    if settings.project_file is None:
        raise UsageError(f"There is no {PROJECT_FILE_NAME} in this folder or above.", hint="Nothing was changed.")
    set_trust(settings.project_file, trusted=not remove)
    write_text(f"{settings.project_file.parent} is {'no longer ' if remove else ''}trusted.")
