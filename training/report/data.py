"""The data page and the settings of a version."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from models.artifact import Manifest
from models.settings_of import settings_of
from models.shop import Shop
from models.sources import new_models
from training.read.facts import Facts
from training.read.page import data_page
from training.report.parts import Section, Table
from training.split import TASKS


def data(shop: Shop, facts: Facts) -> Section:
    """Return what ``recsvc-train check`` tells, without examples of rows: a report names no shopper."""
    for table in facts.tables.values():
        table.examples.clear()
    text = (
        "What the files hold, what was refused or set aside, and what to fix first; recsvc-train check tells it with examples of rows.",
    )
    return Section("data", "Data", text, verbatim=data_page(shop, facts))


def about(shop: Shop, manifest: Manifest, notes: tuple[str, ...]) -> Section:
    """Return what version this is."""
    rows = [
        ("version", manifest.version),
        ("trained for", _until(shop, manifest)),
        ("made", manifest.created),
        (
            "held out",
            f"the last {shop.evaluation.days} days" if facts_timed(manifest) else "a part of some shoppers' purchases",
        ),
        ("rankers", ", ".join(manifest.config.get("rankers", ())) or "none: blends order every carousel"),
        ("seed", str(manifest.seed)),
        *((name, version) for name, version in manifest.libraries.items()),
    ]
    tables = (Table("What it was made from", ("what", "value"), rows), _blends(shop), *_settings(manifest))
    return Section("about", "This version", notes, (), tables)


def _blends(shop: Shop) -> Table:
    """Return the sources of each carousel that a task judges, as the version serves them."""
    rows = [
        (name, ", ".join(f"{source} {weight:g}" for source, weight in shop.carousels[name].sources.items()))
        for name in dict.fromkeys(TASKS.values())
        if name in shop.carousels
    ]
    return Table("Sources of the carousels that are judged", ("carousel", "sources and their weights"), rows)


def _settings(manifest: Manifest) -> Iterator[Table]:
    """Yield the settings of models that are not the defaults, where there are any."""
    plain = {name: settings_of(model) for name, model in new_models().items()}
    rows = [
        (f"{source} {setting}", _value(value), _value(plain[source][setting]))
        for source, settings in manifest.config["models"].items()
        for setting, value in settings.items()
        if plain.get(source, {}).get(setting, value) != value
    ]
    if rows:
        yield Table("Settings of models that are not the defaults", ("model and setting", "value", "default"), rows)


def _value(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {_value(one)}" for name, one in value.items())
    return str(value).lower() if isinstance(value, bool) else f"{value:g}"


def _until(shop: Shop, manifest: Manifest) -> str:
    if not facts_timed(manifest):
        return "no moment: the purchases have no times"
    return f"{datetime.fromtimestamp(manifest.until, shop.zone):%Y-%m-%d %H:%M} ({shop.timezone})"


def facts_timed(manifest: Manifest) -> bool:
    """Return whether the purchases had times."""
    return manifest.data.get("first") is not None
