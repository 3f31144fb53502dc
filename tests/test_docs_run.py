"""`make demo` on a cut of the sample shop, and every command of the pages against it."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from markdown import Block, blocks, page
from sample_shop import (
    HIDDEN,
    PAGE,
    PINNED,
    SAMPLE,
    WINE_LOVER,
    Demo,
    answers_at,
    cut_sample,
    demo_in,
    plain_environment,
)

PRODUCT, SOURCE, REASON = 1, -2, -1
"""Columns of a line of the demo."""
CURL = f"""#!{sys.executable}
import os, sys, urllib.request
words, headers, data, url, method = sys.argv[1:], {{}}, None, None, None
while words:
    word = words.pop(0)
    if word == "-H":
        name, _, value = words.pop(0).partition(": ")
        headers[name] = value
    elif word == "-d":
        data = words.pop(0).encode()
    elif word == "-X":
        method = words.pop(0)
    elif word != "-s":
        url = word.replace(":8000/", ":" + os.environ["RECSVC_PORT"] + "/")
opener = urllib.request.build_opener(urllib.request.ProxyHandler({{}}))
print(opener.open(urllib.request.Request(url, data, headers, method=method), timeout=60).read().decode())
"""
"""As much of curl as the pages use, at the port of the test; an error ends it with a traceback."""


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """A demo that trained the cut and serves it."""
    folder = tmp_path_factory.mktemp("demo")
    cut_sample(folder)
    with demo_in(folder) as running:
        yield running


def run(demo: Demo, script: str) -> subprocess.CompletedProcess[str]:
    """Run ``script`` in the demo's folder, with its port and our curl."""
    tools = demo.folder / "bin"
    tools.mkdir(exist_ok=True)
    (tools / "curl").write_text(CURL)
    (tools / "curl").chmod(0o755)
    environment = plain_environment(RECSVC_PORT=str(demo.port))
    environment["PATH"] = f"{tools}{os.pathsep}{environment['PATH']}"
    command = ["bash", "-euo", "pipefail", "-c", script]
    return subprocess.run(command, cwd=demo.folder, env=environment, capture_output=True, text=True, check=False)


def shown(log: str) -> list[list[list[str]]]:
    """Return the columns of each product's line below each curl line."""
    parts = re.split(r"^curl ", log, flags=re.M)[1:]
    return [[re.split("  +", line.strip()) for line in part.splitlines() if line.startswith("  ")] for part in parts]


def test_the_demo_shows_three_carousels_that_can_be_asked_again(demo: Demo) -> None:
    """Below each of three curl lines stand the products that the line answers."""
    lines = re.findall(r"^(curl -s .*)$", demo.log, re.M)
    assert len(lines) == 3
    for line, products in zip(lines, shown(demo.log), strict=True):
        items = json.loads(run(demo, line).stdout)["items"]
        assert [item["product_id"] for item in items] == [product[PRODUCT] for product in products]
        assert len(items) == 5
        assert [item["reason"]["text"] for item in items] == [product[REASON] for product in products]


def test_the_scene_is_played(demo: Demo) -> None:
    """The wine is pinned first for the wine lover alone; three shoppers see three lists; what is recalled is nowhere."""
    wine_lover, somebody_else, unknown = shown(demo.log)
    assert wine_lover[0][PRODUCT] == PINNED and wine_lover[0][SOURCE] == "pin"
    assert [product[SOURCE] for product in (*wine_lover[1:], *somebody_else, *unknown)].count("pin") == 0
    lists = [tuple(product[PRODUCT] for product in products) for products in (wine_lover, somebody_else, unknown)]
    assert len(set(lists)) == 3
    assert not {HIDDEN, PAGE} & {product for products in lists for product in products}


@pytest.mark.parametrize(("at", "pinned"), [("2017-12-15", True), ("2018-01-31T23:59", True), ("2018-02-01", False)])
def test_the_pin_holds_inside_its_window_alone(demo: Demo, at: str, pinned: bool) -> None:
    """From the first moment of its first day to the last of its last day, on the shop's clock."""
    url = f"http://127.0.0.1:8000/v1/carousels/you-may-also-like?user_id={WINE_LOVER}&product_id={PAGE}&at={at}"
    items = json.loads(run(demo, f"curl -s '{url}'").stdout)["items"]
    assert [item["source"] for item in items].count("pin") == pinned


def test_the_readme_shows_the_scene_of_the_demo(demo: Demo) -> None:
    """The README's curl lines are the demo's, at the default port."""
    lines = re.findall(r"^curl -s .*you-may-also-like.*$", demo.log, re.M)
    assert [line.replace(f":{demo.port}/", ":8000/") for line in lines] == re.findall(
        r"^curl -s .*you-may-also-like.*$", page("README.md"), re.M
    )


def test_the_recalled_product_would_show_without_its_rule(demo: Demo) -> None:
    """Without the rules the recalled product is among the bestsellers; with them it is not."""
    (demo.folder / "ask.csv").write_text("request_id,carousel,size\n1,bestsellers,100\n")
    run(demo, f"recsvc batch {SAMPLE}/shop.toml --requests ask.csv --rules none --out without.csv")
    assert f",{HIDDEN}," in (demo.folder / "without.csv").read_text()
    answer = json.loads(run(demo, "curl -s 'http://127.0.0.1:8000/v1/carousels/bestsellers?size=100'").stdout)
    assert len(answer["items"]) == 100
    assert HIDDEN not in {item["product_id"] for item in answer["items"]}


@pytest.mark.parametrize("block", blocks("sh"), ids=str)
def test_every_command_in_the_pages_runs(demo: Demo, block: Block) -> None:
    """A block of commands ends without an error, and says something."""
    done = run(demo, block.text)
    assert done.returncode == 0, f"{block.text}\n{done.stdout}\n{done.stderr}"
    assert done.stdout.strip() or done.stderr.strip()


@pytest.mark.parametrize("block", blocks("yaml"), ids=str)
def test_every_rules_file_in_the_pages_is_one(demo: Demo, block: Block) -> None:
    """A rules file that a page shows loads against the sample's catalogue without a fault."""
    (demo.folder / "shown.yaml").write_text(block.text)
    done = run(demo, f"recsvc rules check shown.yaml --shop {SAMPLE}/shop.toml")
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_second_demo_takes_the_version_that_is_there_and_ctrl_c_ends_all_of_it(demo: Demo) -> None:
    """It trains nothing, ends with 130 and without a traceback, and leaves neither a process nor an open port behind."""
    with demo_in(demo.folder) as second:
        assert "is published already" in second.log
        assert second.interrupt() == 130
    assert "Traceback" not in second.log
    assert not answers_at(second.port)
    with pytest.raises(ProcessLookupError):
        os.killpg(second.process.pid, signal.SIGKILL)


def test_a_demo_names_a_port_that_is_taken(demo: Demo) -> None:
    """A taken port ends it at once with exit code 1 and what to do."""
    script = Path(__file__).parent.parent / "examples" / "demo.py"
    done = run(demo, f"python {script} --port {demo.port}")
    assert done.returncode == 1
    assert "take another" in done.stderr and "Traceback" not in done.stderr
