"""What several commands share: options made from the settings, the argument SHOP, and the settings of one start."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import click

from models.shop import Shop, read_shop
from recsvc.settings import SETTINGS, Settings, read_settings

Command = TypeVar("Command", bound=Callable[..., Any])


def flags(*names: str) -> Callable[[Command], Command]:
    """Return a decorator that gives a command an option for each of the settings called ``names``."""
    told = {setting.name: setting for setting in SETTINGS}

    def decorate(command: Command) -> Command:
        for name in reversed(names):
            setting = told[name]
            help_text = f"{setting.help} [{setting.variable}]"
            command = click.option("--" + name.replace("_", "-"), name, metavar="TEXT", help=help_text)(command)
        return command

    return decorate


def shop_argument(command: Command) -> Command:
    """Give a command its argument SHOP, the path of a shop.toml."""
    return click.argument("shop", envvar="RECSVC_SHOP", default="shop.toml", type=click.Path(path_type=Path))(command)


def shop_option(command: Command) -> Command:
    """Give a command its option --shop, the path of a shop.toml."""
    return click.option(
        "--shop", envvar="RECSVC_SHOP", default="shop.toml", type=click.Path(path_type=Path), help="The shop.toml."
    )(command)


def file_argument(command: Command) -> Command:
    """Give a command its argument FILE, the path of a rules file that is there."""
    return click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))(command)


def settings_of(path: Path, given: Mapping[str, str | None]) -> tuple[Shop, Settings]:
    """Return the shop at ``path`` and the settings of this start.

    Raises:
        ConfigError: the shop or a setting does not hold.
    """
    shop = read_shop(path)
    return shop, read_settings(shop, os.environ, {**given, "shop": str(path)})
