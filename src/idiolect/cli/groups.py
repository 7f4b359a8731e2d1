"""Groups whose commands are imported only when they are called: no other module is imported to print --help."""

import importlib
from collections.abc import Mapping
from typing import Any

import click


class Commands(click.Group):
    """A group over a table: command → the module that holds it, and its line in --help.

    The module, given below `package`, has a table of its own, `COMMANDS`: name → click command.
    """

    def __init__(
        self, *args: Any, package: str = "", table: Mapping[str, tuple[str, str]] | None = None, **others: Any
    ) -> None:
        super().__init__(*args, **others)
        self.package = package
        self.table = table or {}

    def list_commands(self, context: click.Context) -> list[str]:
        return list(self.table)

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        if name not in self.table:
            return None
        module = importlib.import_module(f"{self.package}.{self.table[name][0]}")
        command: click.Command = module.COMMANDS[name]
        return command

    def format_commands(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in self.table.items()])
