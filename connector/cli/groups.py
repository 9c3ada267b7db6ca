"""Click groups and commands: lazy imports, strict arguments, suggestions."""

from __future__ import annotations

from collections import Counter
from importlib import import_module
from typing import TYPE_CHECKING, Any, ClassVar

import click

from connector._version import __version__
from connector.cli.help.extra_words import explain_extra_words, find_swallowed_flag, index_options
from connector.cli.help.given_flags import find_given_flags, format_command
from connector.cli.help.helpful_command import META_PREFIX, NO_PAGER, HelpfulCommand, HelpfulGroup
from connector.cli.registry import COMMAND_ALIASES, COMMANDS, OWN_EXAMPLES_MODULE
from connector.definition.case import to_flag_name
from connector.definition.suggest import closest
from connector.runtime.process.command_lines import format_commands_with

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

CONFIRM_NOTE = (
    "It may destroy something: the command asks before it sends the request; --yes answers. The sandbox never asks."
)
_NEAR = 0.65  # of the names of commands, which are short: two of three letters that changed places


def global_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add --connector, --profile, --quiet and --no-pager, which are accepted before and after a command's name."""
    for option in (
        click.option(NO_PAGER, is_flag=True, help="Print long pages as they are.", **_META_OPTION_SETTINGS),
        click.option(
            "--quiet", is_flag=True, help="Print no notes and no progress on stderr.", **_META_OPTION_SETTINGS
        ),
        click.option(
            "--profile", metavar="NAME", help="The profile of the project file or config file.", **_META_OPTION_SETTINGS
        ),
        click.option(
            "--connector",
            metavar="PATH",
            type=click.Path(file_okay=False),
            help="The connector's folder, or the name of an installed one.",
            **_META_OPTION_SETTINGS,
        ),
    ):
        command = option(command)
    return command


def _store_option_value(ctx: click.Context, option: click.Parameter, value: Any) -> Any:
    if value:
        ctx.meta[META_PREFIX + str(option.name)] = value
    return value


_META_OPTION_SETTINGS: Any = {"expose_value": False, "callback": _store_option_value}


def meta_option(*names: str, **settings: Any) -> Callable[..., Any]:
    """Return the decorator of an option whose value `get_meta` returns, instead of an argument of the command."""
    return click.option(*names, **settings, **_META_OPTION_SETTINGS)


def get_meta(ctx: click.Context, name: str) -> Any:
    """Return the value of a global option, or None."""
    return ctx.meta.get(META_PREFIX + name)


def set_meta(ctx: click.Context, name: str, value: Any) -> None:
    """Set the value of a global option before it is parsed."""
    ctx.meta[META_PREFIX + name] = value


class StrictCommand(HelpfulCommand):
    """A command that rejects extra arguments and repeated options.

    The message counts extra arguments without showing them: one may be a secret.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        settings = {
            "help_option_names": ["-h", "--help"],
            "allow_extra_args": True,
            "token_normalize_func": to_flag_name,  # --userId and --user_id are --user-id
        }
        super().__init__(*args, **{"context_settings": settings, **options})

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse the arguments. Raises UsageError for extra arguments and repeated options."""
        given_args = list(args)
        options = index_options(ctx)
        swallowed = None if ctx.resilient_parsing else find_swallowed_flag(given_args, options)
        if swallowed is not None:
            flag, following = swallowed
            message = (
                f"{flag} has no value: {following} behind it is a flag. A value that looks like one: {flag}=VALUE."
            )
            raise click.UsageError(message, ctx)
        try:
            extra_args = super().parse_args(ctx, args)
        except click.UsageError as error:
            error.ctx = error.ctx or ctx  # click sets no context for an option without a value
            raise
        if not ctx.resilient_parsing:
            self._reject_repeated(ctx, given_args)
        if extra_args and not ctx.resilient_parsing:
            extra = "1 extra argument" if len(extra_args) == 1 else f"{len(extra_args)} extra arguments"
            hint = explain_extra_words(given_args, extra_args, options)
            hint = f" {hint}" if hint else self.extra_words_hint(ctx)
            raise click.UsageError(f"{extra} for '{ctx.command_path}'.{hint}", ctx)
        return extra_args

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; what its errors say to run is given its flags."""
        given = find_given_flags(ctx, META_PREFIX)
        with format_commands_with(lambda *words: format_command(root, given, words)):
            return super().invoke(ctx)

    def _reject_repeated(self, ctx: click.Context, given_args: list[str]) -> None:
        _, _, order = self.make_parser(ctx).parse_args(list(given_args))
        for option, times in Counter(order).items():
            if times > 1 and isinstance(option, click.Option) and not (option.multiple or option.is_flag):
                raise click.UsageError(f"{'/'.join(option.opts)} is given {times} times; it takes one value.", ctx)

    def extra_words_hint(self, _ctx: click.Context, /) -> str:
        """Return a hint about extra arguments."""
        return ""


class UnknownCommand(click.UsageError):
    """A word that is no command, and those behind it."""

    def __init__(self, message: str, ctx: click.Context, words: Sequence[str]) -> None:
        super().__init__(message, ctx)
        self.words = list(words)


class StrictGroup(HelpfulGroup):
    """A group that suggests the closest command for an unknown one; options alone are those of its `default`."""

    command_class = StrictCommand
    default: ClassVar[str] = ""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse the arguments: `connector runs --failed` is `connector runs list --failed`."""
        if self.default and not ctx.resilient_parsing:
            names = {*self.list_commands(ctx), "-h", "--help"}
            if not args or (args[0].startswith("-") and not names.intersection(args)):
                args = [self.default, *args]
        return super().parse_args(ctx, args)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command. Raises UsageError for an unknown one."""
        names = self.list_commands(ctx)
        if args[0] not in names and not ctx.resilient_parsing:
            prefix = f"{ctx.info_name} " if ctx.parent else ""
            from connector.cli.help.expected_names import find_elsewhere

            fix = find_elsewhere(str(ctx.info_name), args[0]) or self.suggest_command(args[0], names)
            raise UnknownCommand(f"Unknown command '{prefix}{args[0]:.40}'. {fix}", ctx, args)
        return super().resolve_command(ctx, args)

    def suggest_command(self, word: str, names: Sequence[str]) -> str:
        """Return the command that somebody who typed `word` means, as a sentence; else all of them."""
        from connector.cli.help.expected_names import find_same_deed

        match = find_same_deed(word, names) or closest(word, names, _NEAR)
        return f"Did you mean '{match}'?" if match else f"The commands are {', '.join(names)}."


class LazyGroup(StrictGroup):
    """A group that imports a command when it is used; `subcommands` holds module and summary of each."""

    subcommands: ClassVar[dict[str, tuple[str, str]]]

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  click's signature
        """Return the names in the order of the help page."""
        return list(self.subcommands)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import a command."""
        if cmd_name not in self.subcommands:
            return None
        module = import_module(f".{self.subcommands[cmd_name][0]}", "connector.cli")
        command: click.Command = getattr(module, f"{cmd_name.replace('-', '_')}_command")
        return command

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[Any]:
        """Complete the names without importing the commands."""
        from click.shell_completion import CompletionItem

        if incomplete.startswith("-"):
            return super().shell_complete(ctx, incomplete)
        return [
            CompletionItem(name, help=line)
            for name, (_, line) in self.subcommands.items()
            if name.startswith(incomplete)
        ]

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """Write the summaries without importing the commands."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in self.subcommands.items()])


class RootGroup(LazyGroup):
    """The group of all commands."""

    subcommands = COMMANDS

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find a command by its name or its second name."""
        return super().resolve_command(ctx, [COMMAND_ALIASES.get(args[0], args[0]), *args[1:]])

    def suggest_command(self, word: str, names: Sequence[str]) -> str:
        """Return the command that somebody means who knows other programs, or who typed an action's name."""
        from connector.cli.help.expected_names import find_expected

        expected = find_expected(word, names)
        return f"{expected.purpose}: {expected.command}" if expected else super().suggest_command(word, names)

    def get_help(self, ctx: click.Context) -> str:
        """Return the help page."""
        from connector.cli.help.examples import find_examples
        from connector.cli.help.root_page import format_root_page

        own = import_module(OWN_EXAMPLES_MODULE)
        return format_root_page(own.find_own_examples(ctx, "", find_examples("")))


@click.group(
    "connector", cls=RootGroup, context_settings={"help_option_names": ["-h", "--help"]}, no_args_is_help=False
)
@click.version_option(__version__, prog_name="connector", message="%(prog)s %(version)s")
@global_options
def root() -> None:
    """Run the actions of a connector."""


def list_run_flags() -> set[str]:
    """Return the options of `connector run`, whose names the flags of an action's inputs must not take."""
    command = root.get_command(click.Context(root), "run")
    assert command is not None
    return {"--help", *(flag for param in command.params for flag in param.opts)}
