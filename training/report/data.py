"""The data page and the settings of a version."""

from datetime import datetime

from models.artifact import Manifest
from models.shop import Shop
from training.read.facts import Facts
from training.read.page import data_page
from training.report.parts import Section, Table


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
    return Section("about", "This version", notes, (), (Table("What it was made from", ("what", "value"), rows),))


def _until(shop: Shop, manifest: Manifest) -> str:
    if not facts_timed(manifest):
        return "no moment: the purchases have no times"
    return f"{datetime.fromtimestamp(manifest.until, shop.zone):%Y-%m-%d %H:%M} ({shop.timezone})"


def facts_timed(manifest: Manifest) -> bool:
    """Return whether the purchases had times."""
    return manifest.data.get("first") is not None
