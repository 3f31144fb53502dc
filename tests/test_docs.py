"""The pages tell what the code has: every route, setting, command, verb, key, source and carousel, and nothing else."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
from pydantic import BaseModel

from markdown import PAGES, ROOT, blocks, page, told
from models.carousels import CAROUSELS, FALLBACKS, Carousel
from models.carousels import PAGES as SHOP_PAGES
from models.experiments import Arm, Experiment
from models.product_fields import PRODUCT_FIELDS
from models.shop import Shop, Spark, read_shop
from models.shop_tables import Context, ContextTable, Data, Period, PurchaseTable
from models.sources import MODELS
from recsvc.answers import CarouselPart, FaultPart, ItemPart, ProblemPart
from recsvc.arms import PART as TRIED
from recsvc.catalogue_forms import ProductAttributes
from recsvc.cli import cli as service_commands
from recsvc.desk import LOAD
from recsvc.forms import Form
from recsvc.metrics import Metrics, metric_labels
from recsvc.pace import STAGES
from recsvc.routes import ROUTES
from recsvc.rules.expression_parse import FUNCTIONS
from recsvc.rules.parse import KEYS
from recsvc.rules.parse_rule import COMMON, TARGETS, VERB_KEYS
from recsvc.rules.parse_segments import TESTS
from recsvc.rules.schema import VERBS
from recsvc.rules.shop_facts import BUILT_IN_FIELDS
from recsvc.sessions import PART as SESSIONS
from recsvc.settings import SETTINGS
from training.cli import cli as training_commands
from training.read.files import READERS
from training.read.formats import FORMATS

STOREFRONT, ENGINEER, MERCHANDISER, RULES, OPERATIONS, CATALOGUE, EVENTS, EXPERIMENTS = (
    f"docs/{name}.md"
    for name in (
        "storefront",
        "ml-engineer",
        "merchandiser",
        "rules",
        "operations",
        "catalogue",
        "events",
        "experiments",
    )
)
FORMATS_PAGE = "docs/formats.md"
WHEN_KEYS = ("segment", "active", "weekly", "page_item", "cart_item", *BUILT_IN_FIELDS)


def test_operations_tells_every_part_that_an_answer_may_go_without() -> None:
    """The storefront's page sends readers there for all of them."""
    table = page(OPERATIONS).partition("| in `degraded` |")[2].partition("\n\n")[0]
    parts = {LOAD, SESSIONS, TRIED, "model", "rules", "ranker", "trade-offs", *STAGES} - {"wait"}
    assert parts <= set(re.findall(r"`([a-z-]+)`", table))


def commands(group: click.Group, name: str) -> Iterator[tuple[str, click.Command]]:
    """Yield each command below ``group`` with its full name."""
    context = click.Context(group)
    for word in group.list_commands(context):
        command = group.get_command(context, word)
        assert command is not None
        if isinstance(command, click.Group):
            yield from commands(command, f"{name} {word}")
        else:
            yield f"{name} {word}", command


COMMANDS = dict([*commands(service_commands, "recsvc"), *commands(training_commands, "recsvc-train")])


def shop_keys() -> set[str]:
    """Return every key of shop.toml, without the names that a shop chooses."""
    sections: list[type[BaseModel]] = [
        Shop,
        Data,
        PurchaseTable,
        Context,
        ContextTable,
        Period,
        Carousel,
        Experiment,
        Arm,
    ]
    sections += [field.annotation for name, field in Shop.model_fields.items() if _is_section(field.annotation)]
    return {name for section in sections for name in section.model_fields} - {"file", "open_blends"}


def _is_section(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.path)
def test_every_route_is_told(route: Any) -> None:
    """Each address of the service stands in the storefront's page or in the one on rules, with its methods."""
    if "any(" in route.path:  # style and script of a page that is told itself
        return
    path = re.sub(r"<(?:path:)?(\w+)>", r"{\1}", route.path)
    for method in route.methods:
        assert told(f"{method} {path}", STOREFRONT, EVENTS, RULES, CATALOGUE, OPERATIONS, EXPERIMENTS)


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.variable)
def test_every_setting_is_told(setting: Any) -> None:
    """Each setting stands in the page on operations by its name in the environment."""
    assert told(setting.variable, OPERATIONS)


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_no_page_tells_a_setting_that_is_none(path: Path) -> None:
    """A variable that a page names exists."""
    known = {setting.variable for setting in SETTINGS}
    assert set(re.findall(r"RECSVC_[A-Z_]*[A-Z]", path.read_text())) <= known


def test_every_metric_is_told_with_its_labels() -> None:
    """The table of the page on operations has what /metrics exports, and nothing else."""
    rows = re.findall(r"^\| (`recsvc_.*?) \| (.*?) \|", page(OPERATIONS), re.M)
    told_labels = {
        name: set(re.findall(r"`(\w+)`", labels)) for names_, labels in rows for name in re.findall(r"`(\w+)`", names_)
    }
    assert told_labels == metric_labels(Metrics())


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_no_page_tells_a_metric_that_is_none(path: Path) -> None:
    """A metric that a page names is exported."""
    assert set(re.findall(r"\brecsvc_[a-z_]+", path.read_text())) <= metric_labels(Metrics()).keys()


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_and_flag_is_told(name: str) -> None:
    """Each command stands in a page, and so does each of its flags."""
    pages = (ENGINEER, MERCHANDISER, RULES, OPERATIONS, CATALOGUE, EVENTS, EXPERIMENTS)
    assert told(name, *pages)
    flags = [flag for option in COMMANDS[name].params for flag in option.opts if flag.startswith("--")]
    assert [flag for flag in flags if flag not in ("--help", "--version") and not told(flag, *pages)] == []


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_no_page_tells_a_command_that_is_none(path: Path) -> None:
    """A command that a page names exists."""
    groups = {name.rpartition(" ")[0] for name in COMMANDS}
    for code in re.findall(r"```(?:sh|console)\n.*?```|`[^`]+`", path.read_text(), re.S):
        for found in re.findall(r"(?<![\w/.-])(recsvc|recsvc-train)(?: ([a-z][a-z-]*))(?: ([a-z][a-z-]*))?", code):
            words = " ".join(found[:2])
            assert words in COMMANDS or words in groups or " ".join(found).strip() in COMMANDS


def test_every_verb_and_key_of_the_rules_is_told() -> None:
    """The merchandiser's pages name each verb, each key of a rule, of `when`, of a segment, and each function."""
    names = [*VERBS, *COMMON, *TARGETS, *WHEN_KEYS, *TESTS, *KEYS, *FUNCTIONS]
    names += [key for keys in VERB_KEYS.values() for key in keys]
    assert [name for name in names if not told(name, MERCHANDISER, RULES)] == []


def test_every_attribute_of_a_product_is_told() -> None:
    """The back office's page names each attribute that means something to us."""
    names = ProductAttributes.model_fields
    assert {*PRODUCT_FIELDS, "available"} - {"product_id"} == names.keys()
    assert [name for name in names if not told(name, CATALOGUE)] == []


def test_every_field_of_a_request_is_told() -> None:
    """The storefront's page names each field of the request."""
    assert [name for name in Form.model_fields if not told(name, STOREFRONT)] == []


def test_every_field_of_an_answer_is_told() -> None:
    """The storefront's page names each field of an answer and of an error."""
    parts: list[type[BaseModel]] = [CarouselPart, ItemPart, ProblemPart, FaultPart]
    names = {name for part in parts for name in part.model_fields} - {"items"}
    assert [name for name in sorted(names) if not told(name, STOREFRONT)] == []


def test_every_carousel_and_page_is_told() -> None:
    """The storefront's page names what there is out of the box."""
    assert [name for name in (*CAROUSELS, *SHOP_PAGES) if not told(name, STOREFRONT)] == []


def test_every_key_of_shop_toml_is_told() -> None:
    """The ML engineer's page names each key."""
    assert [name for name in sorted(shop_keys()) if not told(name, ENGINEER)] == []


def test_every_model_and_fallback_is_told() -> None:
    """The ML engineer's page names each source of candidates and each fallback."""
    assert [name for name in (*(model.source for model in MODELS), *FALLBACKS) if not told(name, ENGINEER)] == []


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_is_told(name: str) -> None:
    """The page on formats names each format and each of the names that it gives."""
    names = [name, *(our.removeprefix("#") for part in FORMATS[name].parts for our in part.fields)]
    prose = re.sub(r"^```.*?^```$", "", page(FORMATS_PAGE), flags=re.M | re.S)
    section = re.search(rf"^## [^\n]*`{name}`.*?(?=^## )", prose, re.M | re.S)
    known = re.findall(r"`([^`]+)`", section[0] if section else "")
    ranged = ["custom_label_1", "custom_label_2", "custom_label_3"]  # told as a range
    assert [one for one in names if one not in (*known, *ranged)] == []


def test_every_setting_of_spark_is_told() -> None:
    """The page of sizes and the ML engineer's name each key of `training.spark`."""
    for name in Spark.model_fields:
        assert f"`spark.{name}`" in page("docs/scale.md") and f"`{name}`" in page(ENGINEER)


def test_every_kind_of_file_is_told() -> None:
    """The ML engineer's page names each suffix that is read."""
    assert [suffix for suffix in READERS if f"`{suffix}`" not in page(ENGINEER)] == []


@pytest.mark.parametrize("block", blocks("toml"), ids=str)
def test_every_shop_in_the_pages_is_one(block: Any, tmp_path: Path) -> None:
    """A shop.toml that a page shows is read without a fault."""
    (tmp_path / "shop.toml").write_text(block.text)
    assert read_shop(tmp_path / "shop.toml").name


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_every_link_inside_the_project_leads_somewhere(path: Path) -> None:
    """A relative link names a file that is there, and its part after # a heading of it."""
    for link in re.findall(r"\]\(([^)\s]+)\)", path.read_text()):
        if "://" in link:
            continue
        name, _, heading = link.partition("#")
        target = (path.parent / name).resolve() if name else path
        assert target.exists(), link
        headings = re.findall(r"^#+ (.*)$", target.read_text(), re.M) if heading else []
        assert not heading or heading in {re.sub(r"[^\w -]", "", one).lower().replace(" ", "-") for one in headings}


def test_every_make_target_in_the_pages_is_one() -> None:
    """`make x` in a page is a target of the Makefile."""
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.M))
    for path in PAGES:
        for code in re.findall(r"```console\n.*?```|`make [^`]+`", path.read_text(), re.S):
            assert set(re.findall(r"\bmake ([a-z]+)", code)) <= targets


def test_the_readme_opens_every_door() -> None:
    """README leads to the page of each kind of reader."""
    assert all(
        f"]({name})" in page("README.md") for name in (STOREFRONT, ENGINEER, MERCHANDISER, OPERATIONS, CATALOGUE)
    )
