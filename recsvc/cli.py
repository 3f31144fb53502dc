"""The ``recsvc`` command: serve, batch, status, and the tools for the rules. Exit codes: 0 done, 1 bad input, 2 usage."""

import sys
from importlib import import_module

import click

from models.errors import RecsvcError

COMMANDS = {
    "batch": "recsvc.batch_cli",
    "catalogue": "recsvc.catalogue_cli",
    "experiments": "recsvc.results_cli",
    "results": "recsvc.results_cli",
    "rules": "recsvc.rules_cli",
    "serve": "recsvc.serve_cli",
    "status": "recsvc.status_cli",
    "store": "recsvc.store_cli",
}
"""Command -> the module that has it under its name."""


class Commands(click.Group):
    """A group whose commands are imported when they are asked for: `recsvc batch` needs no web server, and starts sooner."""

    def list_commands(self, _: click.Context) -> list[str]:
        """Return the commands' names."""
        return sorted(COMMANDS)

    def get_command(self, _: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command; None where there is no such."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = getattr(import_module(COMMANDS[cmd_name]), cmd_name)
        return command


@click.group(cls=Commands, epilog="Every setting has an environment name too: a flag beats it, and it beats shop.toml.")
@click.version_option(package_name="recsvc")
def cli() -> None:
    """Product recommendations for shops, served as ranked carousels."""


def main() -> None:
    """Run the command; what is wrong with the input ends it with a message and exit code 1."""
    try:
        cli()
    except RecsvcError as error:
        click.echo("\n".join(f"recsvc: {line}" for line in str(error).splitlines()), err=True)
        sys.exit(1)
