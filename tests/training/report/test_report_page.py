"""The report as a file: everything in it, nothing from outside, for every eye."""

import json
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner

from models.errors import NoArtifactError
from tiny_shop import TinyShop
from training.cli import cli
from training.report.page import page
from training.report.parts import Section, Table
from training.report.plots import Line, bars, lines, picture

KEYS = (
    "about", "quality", "groups", "popularity", "learning", "candidates", "calibration", "effects", "trade-offs",
    "readiness", "examples", "data",
)  # fmt: skip


@pytest.fixture(scope="module")
def written(trained_shop: TinyShop, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, dict[str, object]]:
    """The report of the tiny shop, without what takes long; and its tables."""
    out = tmp_path_factory.mktemp("report") / "out.html"
    words = ["report", str(trained_shop.toml), "--artifacts", str(trained_shop.artifacts), "--out", str(out)]
    done = CliRunner().invoke(cli, [*words, "--quick", "--json"], catch_exceptions=False)
    assert (done.exit_code, done.stderr) == (0, "")
    told = json.loads(done.stdout)
    assert (told["file"], told["version"]) == (str(out), trained_shop.report.manifest.version)
    return out.read_text("utf-8"), told["sections"]


def test_each_part_has_a_heading_that_the_contents_lead_to(written: tuple[str, dict[str, object]]) -> None:
    """In the order of the page."""
    text, sections = written
    assert tuple(sections) == KEYS
    assert re.findall(r'<section id="([\w-]+)"', text) == re.findall(r'<li><a href="#([\w-]+)">', text) == list(KEYS)


def test_quality_is_what_the_version_was_judged_by(
    trained_shop: TinyShop, written: tuple[str, dict[str, object]]
) -> None:
    """The same days, the same requests, the same figures as in the manifest; the files did not change."""
    quality = json.loads(json.dumps(written[1]["quality"]))
    first = quality["tables"][0]["rows"][0]
    mean, low, high = trained_shop.report.manifest.metrics["next-order"]["ndcg@10"]
    assert first["row"] == "for-you" and first["NDCG@10"] == f"{mean:.4f} [{low:.4f}, {high:.4f}]"
    assert json.loads(json.dumps(written[1]["about"]))["text"] == []


def test_nothing_is_asked_for_outside(written: tuple[str, dict[str, object]]) -> None:
    """No script, no image, no font, no style of elsewhere; the one kind of address is the name of SVG's language."""
    text, _ = written
    assert not re.search(r"<(script|link|img|iframe|object)\b|@import|url\((?!#)", text)
    assert {found for found in re.findall(r'(?:src|href)="([^"]*)"', text) if not found.startswith("#")} == set()
    assert set(re.findall(r"https?://[^\"' <]*", text)) <= {
        "http://www.w3.org/2000/svg",
        "http://www.w3.org/1999/xlink",
    }
    assert "default-src 'none'" in text


def test_real_carousels_have_names_and_reasons_and_no_ids(written: tuple[str, dict[str, object]]) -> None:
    """Shoppers are told by what they bought."""
    told = json.loads(json.dumps(written[1]["examples"]))["tables"]
    assert {"for-you", "bought-together", "similar-items"} <= {re.findall(r"\(([\w-]+),", one["caption"])[0] for one in told}  # fmt: skip
    rows = [row for one in told for row in one["rows"]]
    assert all(re.match(r"(Wine|Tea|Milk) \d|Corkscrew|Teapot", row["product"]) and row["reason"] for row in rows)
    assert any(row["bought"] for row in rows)
    assert not re.search(r"\b[wtm]\d+\b", json.dumps(told))


def test_every_carousel_of_the_shop_is_asked_how_ready_it_is(
    trained_shop: TinyShop, written: tuple[str, dict[str, object]]
) -> None:
    """Bestsellers are full for everybody, and all their own; strangers have nothing to buy again."""
    rows = json.loads(json.dumps(written[1]["readiness"]))["tables"][0]["rows"]
    found = {row["carousel"]: row for row in rows}
    assert list(found) == list(trained_shop.shop.carousels)
    best, again = found["bestsellers"], found["buy-again"]
    assert best["full: strangers"] == best["own places"] == "100\u00a0%"
    assert again["full: strangers"] == "0\u00a0%" and again["own places of strangers"] == "–"


def test_no_live_version_is_told_with_what_to_do(trained_shop: TinyShop, tmp_path: Path) -> None:
    """And nothing is written."""
    words = ["report", str(trained_shop.toml), "--artifacts", str(tmp_path), "--out", str(tmp_path / "out.html")]
    with pytest.raises(NoArtifactError, match="no version is live there: recsvc-train run"):
        CliRunner().invoke(cli, words, catch_exceptions=False)
    assert not (tmp_path / "out.html").exists()


def test_a_picture_is_told_in_words_and_takes_the_colour_of_its_page() -> None:
    """Drawn twice it is the same, to the last byte; its text is text."""
    points = Line("next <order>", [1, 10, 100], [0.1, 0.2, 0.3], [0.0, 0.1, 0.2], [0.2, 0.3, 0.4])
    one, again = (
        picture("Curve", "Rises from 0.1 <to> 0.3", lines([points, points], "days", "NDCG", log_x=True, zero=True))
        for _ in range(2)
    )
    assert one == again and "currentColor" in one and "#010203" not in one
    tree = ElementTree.fromstring(one)
    assert tree.attrib["role"] == "img" and "width" not in tree.attrib and tree.attrib["viewBox"]
    assert tree[0].text == "Rises from 0.1 <to> 0.3"
    words = [node.text for node in tree.iter() if node.tag.endswith("text")]
    assert {"Curve", "days", "NDCG", "next <order>"} <= set(words)
    assert "currentColor" in picture("Bars", "two", bars(["a", "b"], [1, 2], [0, 1], [2, 3], "n"))


def test_a_wide_table_scrolls_within_its_own_box(trained_shop: TinyShop) -> None:
    """On a phone: its edge is dark while more lies behind it, a caption ends before the edge, and on paper nothing scrolls."""
    table = Table(
        "wide", tuple(f"column {place}" for place in range(20)), [tuple("0.1234 [0.1, 0.2]" for _ in range(20))]
    )
    text = page(trained_shop.shop, [Section("x", "X", (), (), (table,))], "v")
    assert re.findall(r"<div class=\"table\"[^>]*>\s*<table>", text) and text.count("<table>") == 1
    screen, paper = text.split("@media print")
    (box,) = re.findall(r"^\.table \{(.*?)\}", screen, re.DOTALL | re.MULTILINE)
    assert "overflow-x: auto" in box and "max-width: 100%" in box
    assert "no-repeat local" in box and "no-repeat scroll" in box
    assert "max-width: calc(100vw - 3rem)" in screen, "a scroll bar of the page takes some of it"
    assert ".table { overflow: visible; background: none; }" in paper


def test_what_a_shop_is_called_is_text_and_nothing_else(trained_shop: TinyShop) -> None:
    """Names, reasons and notes of the shop's files stand in the page as they are."""
    evil = "<script>alert(1)</script>"
    shop = trained_shop.shop.model_copy(update={"name": evil})
    section = Section("x", evil, (evil,), (), (Table(evil, (evil,), [(evil,)]),), evil)
    assert "<script" not in page(shop, [section], evil)
