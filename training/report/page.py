"""The report as one HTML file that asks nobody for anything."""

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from models.shop import Shop
from training.report.parts import Section

FOLDER = Path(__file__).parent


def page(shop: Shop, sections: list[Section], version: str) -> str:
    """Return the page; texts of the shop are escaped."""
    environment = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("report.html").render(shop=shop.name, sections=sections, version=version)
