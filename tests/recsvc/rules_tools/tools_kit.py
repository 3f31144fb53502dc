"""Short ways to run the merchandiser's tools on the tiny shop."""

from pathlib import Path

from click.testing import CliRunner, Result

from models.errors import RecsvcError
from recsvc.cli import cli
from tiny_shop import TinyShop


def rules_file(shop: TinyShop, text: str, name: str = "new.yaml") -> str:
    """Write a rules file beside the shop's own; return its path."""
    path = shop.folder / name
    path.write_text(text)
    return str(path)


def tool(shop: TinyShop, *words: str | Path, stdin: str | None = None) -> Result:
    """Run ``recsvc rules …`` for the shop; an error of ours is what it would print, with exit code 1."""
    end = ["--shop", str(shop.toml), "--artifacts", str(shop.artifacts)]
    done = CliRunner().invoke(cli, ["rules", *map(str, words), *end], input=stdin)
    if done.exception is not None and not isinstance(done.exception, SystemExit | RecsvcError):
        raise done.exception
    return done


def told(done: Result) -> str:
    """Return all that a command said."""
    return done.output + (str(done.exception) if isinstance(done.exception, RecsvcError) else "")
