"""Overload and stalls, really: a service that is offered many times what it can work out, and parts that hang."""

import http.client
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest
from load_kit import Load, alone, offer

from models.carousels import CAROUSELS
from recsvc.settings import SETTINGS
from recsvc.traffic import Reading
from running import COMES_WITHIN, Service, serving, wait_until
from sample_shop import PATIENT
from tiny_shop import TinyShop

PATH = "/v1/carousels/for-you?user_id=w0&store_id=south&size=6"
COST = 0.025
"""Seconds of a processor that a carousel is made to cost."""
AT_MOST = 5.0
"""Seconds that no answer may take: less than the wait would grow to if all of three times the capacity were worked out.

A second is promised, on a machine that has nothing else to do: ``benchmarks/`` measures it.
"""

BUSY = f"""
import time
import recsvc.carousel as carousel
gather = carousel.gather

def busy(*given):
    ends = time.thread_time() + {COST}
    while time.thread_time() < ends:
        pass
    return gather(*given)

carousel.gather = busy
"""
STALLED = """
import os, time
from pathlib import Path
from models.als import ALS
answer = ALS.candidates

def stalled(self, context, n):
    while Path(os.environ["STALLS"]).exists():
        time.sleep(0.02)
    return answer(self, context, n)

ALS.candidates = stalled
"""
"""Modules that Python runs as it starts: they make a part of the real service slow."""


Start = Callable[..., AbstractContextManager[Service]]


@pytest.fixture
def start(tiny_shop: TinyShop, tmp_path: Path) -> Start:
    """A function that serves the tiny shop with such a module in its Python."""

    @contextmanager
    def go(module: str, **environment: str) -> Iterator[Service]:
        folder = tmp_path / "python"
        folder.mkdir()
        (folder / "sitecustomize.py").write_text(
            "import sys\nif sys.argv[-1:] != ['-c'] and 'recsvc' in ' '.join(sys.orig_argv):\n"
            + "".join(f"    {line}\n" for line in module.splitlines())
        )
        hurried = {one.variable: str(one.default) for one in SETTINGS if one.variable in PATIENT}
        given = {"PYTHONPATH": str(folder), "RECSVC_ACCESS_LOG": "false", **hurried, **environment}
        with serving(tiny_shop.folder, **given) as service:
            service.carousel("for-you")
            yield service

    return go


def is_as_before(service: Service) -> bool:
    """Return whether a request is answered in full again, now that the load is over."""
    return "degraded" not in service.carousel(PATH.rpartition("/")[2])


def check(load: Load, sent: float) -> None:
    """Fail unless every request was answered, with products, and none failed."""
    assert load.wrong == [] and load.statuses == {200: len(load.seconds)} and load.empty == 0
    assert len(load.seconds) >= sent


@pytest.mark.parametrize("times", [3, 9])
def test_many_times_the_capacity_every_request_is_answered(start: Start, times: int) -> None:
    """What there is no time to work out comes from prepared lists, and soon; some are still worked out in full."""
    with start(BUSY) as service:
        one = alone(service, PATH)
        load = offer(service, PATH, times / COST, 3)
        told = read(service).total("recsvc_admission_refused_total")
        wait_until(lambda: is_as_before(service))
    slow = max(load.seconds)
    print(
        f"{times} x: alone {one:.3f} s, slowest {slow:.3f} s, p50 {sorted(load.seconds)[len(load.seconds) // 2]:.3f}, {load.degraded}"
    )
    check(load, times / COST * 3 - 1)
    assert load.degraded["load"] == told > 0
    assert load.degraded["none"] > 0, "it goes on to work out what it can"
    assert times > 3 or slow < AT_MOST


def test_a_part_that_hangs_holds_its_permits_and_nothing_else(start: Start, tmp_path: Path) -> None:
    """While a source hangs, those whom it caught wait; everybody else is answered, and so are they when it goes on."""
    stalls = tmp_path / "stalls"
    with start(STALLED, STALLS=str(stalls)) as service:
        stalls.touch()
        held = [http.client.HTTPConnection("127.0.0.1", service.port, timeout=60) for _ in range(2)]
        for connection in held:
            connection.request("GET", "/v1/carousels/you-may-also-like?user_id=w0")
        wait_until(lambda: "load" in service.carousel("bestsellers?size=1").get("degraded", []))  # which no one stalls
        load = offer(service, PATH, 60, 2)
        stalls.unlink()
        late = [connection.getresponse() for connection in held]
        bodies = [answer.read() for answer in late]
        for connection in held:
            connection.close()
        wait_until(lambda: is_as_before(service))
    check(load, 119)
    assert load.degraded == {"load": len(load.seconds)}
    assert max(load.seconds) < AT_MOST, "whoever waited for the part that hangs would wait for it to the end"
    assert [answer.status for answer in late] == [200, 200]
    assert all(b'"degraded":["' in body for body in bodies), "the budget was spent: what came after it was left out"


STALL = 1.0
"""Seconds that a part takes which is slower than the budget."""
SLOW = f"""
import os, time
from models.buy_again import BuyAgain
answer = BuyAgain.candidates

def slow(self, context, n):
    with open(os.environ["ASKED"], "a") as file:
        file.write("x")
    time.sleep({STALL})
    return answer(self, context, n)

BuyAgain.candidates = slow
"""


def test_a_budget_bounds_what_a_slow_part_costs(start: Start, tmp_path: Path) -> None:
    """A source takes longer than the budget: it is asked once a request, what would come after it is left out and named."""
    asked, budget = tmp_path / "asked", str(round(STALL * 900))
    asked.touch()
    with start(SLOW, RECSVC_REQUEST_BUDGET_MS=budget, RECSVC_PERMIT_WAIT_MS="10000", ASKED=str(asked)) as service:

        def times(ask: Callable[[], Any]) -> tuple[int, Any]:
            """Return how often the source was asked for an answer, and the answer."""
            before = len(asked.read_text())
            answer = ask()
            return len(asked.read_text()) - before, answer

        def asks_once(ask: Callable[[], Any]) -> Any:
            """Return an answer that the source was asked for: where the machine is busy the budget may be spent before."""
            for _ in range(20):
                count, answer = times(ask)
                assert count <= 1
                if count:
                    return answer
            pytest.fail("the source was never asked")

        answer = asks_once(lambda: service.carousel("for-you?user_id=w0&size=5"))
        assert len(answer["items"]) == 5
        assert answer["degraded"] and set(answer["degraded"]) <= {*CAROUSELS["for-you"]["sources"], "ranker"}
        page = asks_once(lambda: service.ask("/v1/pages/cart", {"user_id": "w0", "size": 4})[1]["carousels"])
        first, _, last = page
        assert first["items"] and last["items"]
        assert last["degraded"] == ["candidates"], "what comes last on the page had no time at all"


def read(service: Service) -> Reading:
    connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=COMES_WITHIN)
    try:
        connection.request("GET", "/metrics")
        return Reading.of(connection.getresponse().read().decode())
    finally:
        connection.close()
