"""Commands whose help has sections, examples and a page to read, in the pager where it is long."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

import click

from connector.cli.help.examples import find_examples
from connector.cli.help.formatter import PageFormatter
from connector.cli.help.sections import sort_options
from connector.cli.registry import HELP_FLAGS, OWN_EXAMPLES_MODULE
from connector.cli.terminal.pager import show_page

if TYPE_CHECKING:
    from collections.abc import Sequence

NO_PAGER = "--no-pager"
_MAX_SUMMARY = 200  # characters; click cuts a longer one
META_PREFIX = "connector.cli."  # of the names of global options in a context
_META_KEY = f"{META_PREFIX}no_pager"


class _HelpfulContext(click.Context):
    """A context whose help is a page of ours."""

    formatter_class = PageFormatter


class HelpfulCommand(click.Command):
    """Lays out the help of a command."""

    context_class = _HelpfulContext

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse the arguments; --no-pager and --connector count for --help too, on either side of it."""
        if NO_PAGER in args:
            ctx.meta[_META_KEY] = True
        if not {*args}.isdisjoint(HELP_FLAGS):
            note_connector(ctx, args)
        return super().parse_args(ctx, args)

    def get_help_option(self, ctx: click.Context) -> click.Option | None:
        """Return the option --help, which shows a page."""
        option = super().get_help_option(ctx)
        if option is not None:
            option.help, option.callback = "Print this page and exit.", _show_help
        return option

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands of a group, and the options in sections."""
        if isinstance(self, click.Group):
            self.format_commands(ctx, formatter)
        self.format_sections(ctx, formatter, self.get_params(ctx))

    def format_sections(
        self, ctx: click.Context, formatter: click.HelpFormatter, params: list[click.Parameter]
    ) -> None:
        """Write these options under their headings."""
        records = {
            _find_name(param): record
            for param in params
            if isinstance(param, click.Option) and (record := param.get_help_record(ctx))
        }
        for heading, names in sort_options(records).items():
            with formatter.section(heading):
                formatter.write_dl([records[name] for name in names])

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write examples, and where to read more."""
        assert isinstance(formatter, PageFormatter)
        path = ctx.command_path.partition(" ")[2]
        own = import_module(OWN_EXAMPLES_MODULE)  # it stands above: it opens the connector
        examples = own.find_own_examples(ctx, path, find_examples(path))
        if examples.commands:
            with formatter.section("Examples"):
                formatter.write_examples(examples.commands)
        with formatter.section("Read more"):
            formatter.write_text(examples.format_page())


class HelpfulGroup(HelpfulCommand, click.Group):
    """Lays out the help of a group, with the whole summary of each command."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands."""
        commands = {name: self.get_command(ctx, name) for name in self.list_commands(ctx)}
        with formatter.section("Commands"):
            formatter.write_dl(
                [(name, command.get_short_help_str(_MAX_SUMMARY)) for name, command in commands.items() if command]
            )


def note_connector(ctx: click.Context, args: Sequence[str]) -> None:
    """Set --connector and --profile, wherever they are given: an action, and examples, are of the folder they name."""
    for index, arg in enumerate(args):
        flag, separator, value = arg.partition("=")
        if flag in ("--connector", "--profile") and (separator or index + 1 < len(args)):
            ctx.meta[META_PREFIX + flag[2:]] = value if separator else args[index + 1]


def is_pager_allowed(ctx: click.Context) -> bool:
    """Whether long pages may go through the pager."""
    return not ctx.meta.get(_META_KEY)


def _show_help(ctx: click.Context, _: click.Parameter, value: Any) -> None:
    if value and not ctx.resilient_parsing:
        show_page(ctx.get_help(), is_allowed=is_pager_allowed(ctx))
        ctx.exit()


def _find_name(option: click.Option) -> str:
    """Return the name of an option that its section lists: the long one, where it has one."""
    return max(option.opts, key=lambda name: name.startswith("--"))
