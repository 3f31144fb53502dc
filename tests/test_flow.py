"""The whole way: from a shop's raw files, by two commands, to a carousel over HTTP that a merchandiser bends."""

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from models.registry import Registry
from running import Service, is_alive, serving, train, wait_until
from sample_shop import answers_at, plain_environment
from tiny_shop import RULES, WINES, purchase_rows, write_tiny_shop

CHIANTI, HIDDEN, PAGE = "00501", "m-4", "00502"
OTHER_RULES = RULES.replace('product: "00501"', 'product: "w-3"').replace("chianti-first", "third-first")


@dataclass(frozen=True, slots=True)
class Flow:
    """A shop that was trained and is served, and what the training said."""

    folder: Path
    service: Service
    report: dict[str, Any]

    @property
    def rules(self) -> Path:
        return self.folder / "rules.yaml"

    def first(self, user: str) -> dict[str, Any]:
        """Return the first product that ``user`` sees on the product's page."""
        return self.also_like(user)["items"][0]  # type: ignore[no-any-return]

    def also_like(self, user: str) -> dict[str, Any]:
        return self.service.carousel(f"you-may-also-like?user_id={user}&product_id={PAGE}&store_id=south")


@pytest.fixture(scope="module")
def flow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flow]:
    """Three files and a shop.toml, `recsvc-train run`, `recsvc serve`: nothing else."""
    folder = tmp_path_factory.mktemp("flow")
    write_tiny_shop(folder)
    command = [str(Path(sys.executable).parent / "recsvc-train"), "run", "shop.toml", "--json"]
    done = subprocess.run(command, cwd=folder, env=plain_environment(), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    with serving(folder) as service:
        yield Flow(folder, service, json.loads(done.stdout))


@pytest.fixture
def restored(flow: Flow) -> Iterator[Flow]:
    """The same; a test may change its rules, and they are put back."""
    yield flow
    flow.rules.write_text(RULES)
    wait_until(lambda: flow.service.ready()["status"] == "ready" and is_pinned(flow.first(lover())))


def lover(product: str = CHIANTI) -> str:
    """Return somebody who buys wine and never bought this one."""
    bought = {(row[0], row[1]) for row in purchase_rows()}
    return next(user for user in (f"w{n}" for n in range(0, 60, 3)) if (user, product) not in bought)


def is_pinned(item: dict[str, Any], product: str = CHIANTI) -> bool:
    return bool(item["source"] == "pin" and item["product_id"] == product)


def test_the_run_judged_and_published_and_the_service_has_it_live(flow: Flow) -> None:
    """One version from the first command to /readyz."""
    assert flow.report["published"] and flow.report["metrics"]["next-order"]["ndcg@10"][0] > 0.5
    status, ready = flow.service.ask("/readyz")
    assert (status, ready["status"], ready["troubles"]) == (200, "ready", [])
    assert (ready["shop"], ready["model"]) == ("Tiny shop", flow.report["version"])
    assert ready["rules"].startswith("sha256:")
    assert ready["clock"].startswith("2026-10-09T18:0"), "the shop's clock starts where its data ends"


def test_the_pin_is_there_for_the_wine_lover_only(flow: Flow) -> None:
    """Three shoppers on the same product page: three answers, each for its reason."""
    loves, other, unknown = (flow.also_like(user) for user in (lover(), "m2", "nobody"))
    assert is_pinned(loves["items"][0]) and loves["items"][0]["position"] == 1
    assert loves["items"][0]["reason"] == {"code": "pin", "text": "Pinned: chianti-first"}
    assert loves["items"][0]["product"]["name"] == "Wine 0"
    assert (loves["personalised"], other["personalised"], unknown["personalised"]) == (True, True, False)
    assert unknown["unknown"] == ["user_id"]
    for answer in (other, unknown):
        assert answer["items"] and all(item["source"] != "pin" for item in answer["items"])
    bought = {row[1] for row in purchase_rows() if row[0] == "m2"}
    assert not bought & {item["product_id"] for item in other["items"]}
    lists = {tuple(item["product_id"] for item in answer["items"]) for answer in (loves, other, unknown)}
    assert len(lists) == 3
    assert all({HIDDEN, PAGE}.isdisjoint(products) for products in lists)
    assert {answer["model"] for answer in (loves, other, unknown)} == {flow.report["version"]}


def test_the_product_page_shows_each_product_once_and_what_is_hidden_never(flow: Flow) -> None:
    """All carousels of the page in one request, the pin in its carousel."""
    ask = {"user_id": lover(), "product_id": PAGE, "store_id": "south", "recent": ["t-1", HIDDEN]}
    status, page = flow.service.ask("/v1/pages/product", ask)
    assert status == 200
    carousels = {one["carousel"]: one["items"] for one in page["carousels"]}
    assert is_pinned(carousels["you-may-also-like"][0])
    shown = [item["product_id"] for items in carousels.values() for item in items]
    assert len(shown) == len(set(shown))
    assert not {HIDDEN, PAGE} & set(shown)
    assert set(WINES) & set(shown)


def test_saved_rules_go_live_by_themselves(restored: Flow) -> None:
    """Another wine is pinned, without a restart; the next answers name other rules."""
    before = restored.service.ready()["rules"]
    restored.rules.write_text(OTHER_RULES)
    wait_until(lambda: is_pinned(restored.first(lover("w-3")), "w-3"))
    assert not is_pinned(restored.first(lover()))
    assert restored.service.ready()["rules"] != before


def test_broken_rules_keep_the_last_good_ones_and_are_told_with_their_line(restored: Flow) -> None:
    """A slip of the pen changes nothing for shoppers; /readyz and the terminal say what is wrong."""
    before = restored.service.ready()["rules"]
    restored.rules.write_text(RULES.replace("do: pin", "do: pinn"))
    wait_until(lambda: restored.service.ready()["status"] == "degraded")
    ready = restored.service.ready()
    (trouble,) = ready["troubles"]
    assert (trouble["part"], trouble["file"], trouble["line"]) == ("rules", "rules.yaml", 8)
    assert "'pinn'" in trouble["cause"] and "did you mean 'pin'" in trouble["cause"]
    assert ready["rules"] == before
    assert is_pinned(restored.first(lover()))
    restored.rules.write_text(RULES)
    wait_until(lambda: restored.service.ready()["status"] == "ready")


def test_a_promoted_version_and_a_rollback_go_live_by_themselves(flow: Flow) -> None:
    """A second version is trained while the first serves; answers name the one that made them."""
    done = train(flow.folder, "run", "shop.toml", "--fast", "--no-publish", "--json", "--seed", "2")
    fresh, first = json.loads(done.stdout)["version"], flow.report["version"]
    assert flow.also_like("m2")["model"] == first
    for words, wanted in ((("promote", fresh), fresh), (("rollback",), first)):
        assert train(flow.folder, *words).returncode == 0
        wait_until(lambda wanted=wanted: flow.also_like("m2")["model"] == wanted)  # type: ignore[misc]
        assert flow.service.ready()["model"] == wanted == Registry(flow.folder / "artifacts").current().name  # type: ignore[union-attr]
        assert is_pinned(flow.first(lover())), "the rules hold over every version"


def test_batch_answers_as_http_does(flow: Flow) -> None:
    """The same engine, rules included: product by product and score by score."""
    rows = [f"{user},you-may-also-like,{user},{PAGE},south,2026-10-09 18:00" for user in (lover(), "m2", "nobody")]
    (flow.folder / "asks.csv").write_text("\n".join(["request_id,carousel,user_id,product_id,store_id,at", *rows]))
    command = [sys.executable, "-m", "recsvc", "batch", "shop.toml", "--requests", "asks.csv", "--out", "answers.csv"]
    done = subprocess.run(
        command, cwd=flow.folder, env=plain_environment(), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    lines = [line.split(",") for line in (flow.folder / "answers.csv").read_text().splitlines()[1:]]
    for user in (lover(), "m2", "nobody"):
        asked = f"you-may-also-like?user_id={user}&product_id={PAGE}&store_id=south&at=2026-10-09T18:00"
        items = flow.service.carousel(asked)["items"]
        assert [(place, product, source) for name, place, product, _, source in lines if name == user] == [
            (str(item["position"]), item["product_id"], item["source"]) for item in items
        ]
        scores = [float(score) for name, _, _, score, _ in lines if name == user]
        assert scores == pytest.approx([item["score"] for item in items], abs=1e-5)


def test_term_ends_the_service_cleanly(flow: Flow) -> None:
    """Exit code 0, no process left, the port free for the next one, no traceback in the log."""
    with serving(flow.folder, "--workers", "2") as service:
        workers = service.workers()
        assert service.carousel("bestsellers?size=3")["items"]
        assert service.stop() == 0
        assert not answers_at(service.port)
        assert not any(is_alive(worker) for worker in workers)
        assert "Traceback" not in service.log.read_text()
