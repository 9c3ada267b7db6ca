"""Commands as click objects: each loaded when it is named, each telling what it does not know."""

from __future__ import annotations

import difflib
from collections import Counter
from importlib import import_module
from typing import TYPE_CHECKING, Any, ClassVar

import click

from connector._version import __version__
from connector.cli.registry import COMMANDS, help_text

if TYPE_CHECKING:
    from collections.abc import Callable

_META = "connector.cli."


def shared(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that stand before or after a command's name: --connector and --quiet."""
    for option in (
        click.option("--quiet", is_flag=True, help="No notes and no progress on stderr.", **_KEPT),
        click.option(
            "--connector", metavar="PATH", type=click.Path(file_okay=False), help="The connector's folder.", **_KEPT
        ),
    ):
        command = option(command)
    return command


def _keep(context: click.Context, option: click.Parameter, value: Any) -> Any:
    if value:
        context.meta[_META + str(option.name)] = value
    return value


_KEPT: Any = {"expose_value": False, "callback": _keep}


def kept(context: click.Context, name: str) -> Any:
    """Return what a shared option was given, before or after the command's name, or None."""
    return context.meta.get(_META + name)


def keep(context: click.Context, name: str, value: Any) -> None:
    """Note a shared option's value ahead of its parsing."""
    context.meta[_META + name] = value


class Command(click.Command):
    """A command that drops nothing it is given.

    Words too many are counted instead of repeated: one of them may be a secret.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        settings = {"help_option_names": ["-h", "--help"], "allow_extra_args": True}
        super().__init__(*args, **{"context_settings": settings, **options})

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse, and refuse words that no argument takes, and a second value where an option takes one."""
        words = list(args)
        try:
            rest = super().parse_args(ctx, args)
        except click.UsageError as error:
            error.ctx = error.ctx or ctx  # an option without its value does not say whose it is
            raise
        if not ctx.resilient_parsing:
            self._refuse_repeated(ctx, words)
        if rest and not ctx.resilient_parsing:
            many = "1 word" if len(rest) == 1 else f"{len(rest)} words"
            raise click.UsageError(f"{many} too many for '{ctx.command_path}'.{self.extra_words_hint()}", ctx)
        return rest

    def _refuse_repeated(self, ctx: click.Context, words: list[str]) -> None:
        _, _, order = self.make_parser(ctx).parse_args(words)
        for option, times in Counter(order).items():
            if times > 1 and isinstance(option, click.Option) and not (option.multiple or option.is_flag):
                raise click.UsageError(f"{'/'.join(option.opts)} is given {times} times; it takes one value.", ctx)

    def extra_words_hint(self) -> str:
        """Return what such words were probably meant to be."""
        return ""


class Group(click.Group):
    """Commands under one name; one that is not known is told with the nearest."""

    command_class = Command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command, or name the nearest."""
        known = self.list_commands(ctx)
        if args[0] not in known and not ctx.resilient_parsing:
            near = difflib.get_close_matches(args[0], known, n=1)
            fix = f"Did you mean '{near[0]}'?" if near else f"The commands are {', '.join(known)}."
            under = f"{ctx.info_name} " if ctx.parent else ""
            raise click.UsageError(f"There is no command '{under}{args[0]:.40}'. {fix}", ctx)
        return super().resolve_command(ctx, args)


class Lazy(Group):
    """Commands that are imported when they are named; `parts` has each one's module and what it does."""

    parts: ClassVar[dict[str, tuple[str, str]]]

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  click's signature
        """Return the names, as the help page has them."""
        return list(self.parts)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import a command."""
        if cmd_name not in self.parts:
            return None
        module = import_module(f"connector.cli.{self.parts[cmd_name][0]}")
        command: click.Command = getattr(module, f"{cmd_name}_command")
        return command

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[Any]:
        """Complete the names without importing the commands."""
        from click.shell_completion import CompletionItem

        if incomplete.startswith("-"):
            return super().shell_complete(ctx, incomplete)
        return [
            CompletionItem(name, help=line) for name, (_, line) in self.parts.items() if name.startswith(incomplete)
        ]

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """Write what the commands do, without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in self.parts.items()])


class Root(Lazy):
    """The group of all commands."""

    parts = COMMANDS

    def get_help(self, ctx: click.Context) -> str:  # noqa: ARG002
        """Return the help page."""
        return help_text().rstrip("\n")


@click.group("connector", cls=Root, context_settings={"help_option_names": ["-h", "--help"]}, no_args_is_help=False)
@click.version_option(__version__, prog_name="connector", message="%(prog)s %(version)s")
@shared
def root() -> None:
    """Run the actions of a connector."""
