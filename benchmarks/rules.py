"""What many rules cost: the same requests under 10 and under 10,000 rules, the load of 10,000, and requests during a load.

    python benchmarks/rules.py examples/complete-journey/shop.toml --artifacts artifacts

The rules are drawn from the catalogue's own values, the requests from the version's own shoppers. Both sides are asked in
turn in one run, so that the ratio holds on a busy machine too. Reloads are those of a running worker, one after another
beside requests at a steady rate, measured from the moment each was due.
"""

import argparse
import random
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import cycle
from pathlib import Path

import numpy as np

HOME = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(HOME))

from benchmarks.kit import Row  # noqa: E402
from models.columns import TextColumn  # noqa: E402
from models.registry import Registry  # noqa: E402
from models.schema import Doubles  # noqa: E402
from models.shop import read_shop  # noqa: E402
from recsvc.asking import Ask  # noqa: E402
from recsvc.carousel import Engine  # noqa: E402
from recsvc.clock import shop_clock  # noqa: E402
from recsvc.gently import gently  # noqa: E402
from recsvc.loading import load_engine  # noqa: E402
from recsvc.rules.parse import parse  # noqa: E402
from recsvc.rules.schema import RuleSet  # noqa: E402
from recsvc.rules_file import facts_of  # noqa: E402
from recsvc.rules_tools.sample import draw  # noqa: E402
from recsvc.serving import Live, with_rules  # noqa: E402
from recsvc.snapshot import Snapshot  # noqa: E402
from recsvc.state import Look  # noqa: E402

Asked = Sequence[tuple[str, Ask]]
MANY, FEW = 10_000, 10


class Writer:
    """Draws rules as lines of a file."""

    def __init__(self, snapshot: Snapshot, seed: int) -> None:
        self.dice, self.snapshot = random.Random(seed), snapshot
        column = snapshot.catalogue.columns["category"]
        self.categories = list(column.vocabulary) if isinstance(column, TextColumn) else ["none"]

    def product(self) -> str:
        """Return a product of the catalogue."""
        ids = self.snapshot.catalogue.ids
        return ids.id(self.dice.randrange(len(ids)))

    def where(self) -> str:
        """Return a condition on the catalogue."""
        category = self.dice.choice(self.categories).replace("'", "''").replace('"', "")
        return f"where: \"category == '{category}' and price > {self.dice.randrange(20)}\""

    def act(self) -> str:
        """Return a verb with its target."""
        do = self.dice.choice(["hide", "boost", "bury", "boost", "bury"])
        factor = {"boost": "factor: 1.5, ", "bury": "factor: 0.5, "}.get(do, "")
        target = f'product: "{self.product()}"' if do == "hide" else self.where()
        return f"do: {do}, {factor}{target}"

    def always(self) -> str:
        """Return a rule that always holds."""
        return self.act()

    def dated(self) -> str:
        """Return a rule that holds at the sample's clock, in a window of its own."""
        first, last = self.dice.randrange(1, 13), self.dice.randrange(1, 13)
        return f'{self.act()}, when: {{active: {{from: "2017-{first:02}-01", until: "2018-{last:02}-28"}}}}'

    def of_a_page(self) -> str:
        """Return a rule for one page."""
        return f'do: pin, product: "{self.product()}", position: {self.dice.randrange(1, 9)}, when: {{page_item: {{product: "{self.product()}"}}}}'

    def of_a_segment(self) -> str:
        """Return a rule for one segment."""
        return f"{self.act()}, when: {{segment: s{self.dice.randrange(200)}}}"

    def of_a_store(self) -> str:
        """Return a rule for one store."""
        stores = self.snapshot.stores
        return f'{self.act()}, when: {{store: "{stores.id(self.dice.randrange(len(stores)))}"}}'

    def of_nobody(self) -> str:
        """Return a rule that holds for no request of the run."""
        return f"{self.act()}, when: {{campaign: c{self.dice.randrange(10**9)}}}"

    def file(self, lines: Sequence[str]) -> str:
        """Return a whole rules file."""
        segments = "".join(
            f"  s{n}: {{bought: {{{self.where()}, at_least: 3, within_days: 90}}}}\n" for n in range(200)
        )
        rules = "".join(f"  - {{id: r{number}, {line}}}\n" for number, line in enumerate(lines))
        return f"version: 1\nsegments:\n{segments}rules:\n{rules}"


def mixed(writer: Writer, n: int) -> list[str]:
    kinds = (writer.always, writer.dated, writer.of_a_page, writer.of_a_segment, writer.of_a_store)
    return [kinds[number % len(kinds)]() for number in range(n)]


def timed(engines: Sequence[Engine], requests: Asked) -> list[Doubles]:
    """Return the milliseconds of each request under each engine, asked in turn."""
    out = np.empty((len(engines), len(requests)))
    for place, (carousel, ask) in enumerate(requests):
        for number, engine in enumerate(engines):
            began = time.perf_counter()
            engine.carousel(carousel, ask)
            out[number, place] = time.perf_counter() - began
    return list(out * 1_000)


def tell(what: str, base: Doubles, other: Doubles) -> None:
    ratio = float(np.median(other / base))
    shown = " ".join(f"p50 {np.median(one):.2f} p99 {np.quantile(one, 0.99):.2f} ms |" for one in (base, other))
    print(f"{what:<58} {shown} ratio {ratio:.3f}", flush=True)


def loaded(engine: Engine, text: str) -> tuple[Engine, RuleSet, float, float]:
    facts = facts_of(engine.snapshot, Path())
    with gently():  # as the service loads, without its rests
        began = time.perf_counter()
        rules = parse(text, facts)
        read = time.perf_counter()
        return with_rules(engine, rules), rules, read - began, time.perf_counter() - read


def steadily(live: Live, requests: Asked, rate: float) -> Doubles:
    """Return the milliseconds from the moment each request was due, ``rate`` of them a second, to its answer."""
    out, began = np.empty(len(requests)), time.perf_counter()
    for place, (carousel, ask) in enumerate(requests):
        due = began + place / rate
        time.sleep(max(due - time.perf_counter(), 0))
        live.state.engine.carousel(carousel, ask)
        out[place] = time.perf_counter() - due
    return out * 1_000


@contextmanager
def reloading(live: Live, texts: Sequence[str]) -> Iterator[list[float]]:
    """Make ``texts`` live in turn, again and again, as a worker does beside its requests; yield the seconds that each took."""
    stop, took = threading.Event(), []

    def work() -> None:
        for text in cycle(texts):
            if stop.is_set():
                return
            began = time.perf_counter()
            live.renew(Look(live.state.folder, text.encode()))
            took.append(time.perf_counter() - began)

    thread = threading.Thread(target=work)
    thread.start()
    yield took
    stop.set()
    thread.join()


def rows(shop: Path, artifacts: Path, *, quick: bool) -> list[Row]:
    """Return the rows of the table: the load of 10,000 rules, 10,000 against 10, and the 99th of a hundred requests beside reloads."""
    read = read_shop(shop)
    engine = load_engine(read, Registry(artifacts).current(), None, shop_clock(read))
    writer = Writer(engine.snapshot, 1)
    lines = mixed(writer, MANY)
    requests = draw(engine.snapshot, [], 150 if quick else 300, 1, None)
    text = writer.file(lines)
    few = loaded(engine, writer.file(lines[:FEW]))[0]
    many, _, reading, binding = loaded(engine, text)
    timed([few, many], requests[:30])
    base, all_kinds = timed([few, many], requests)
    ratio = float(np.median(all_kinds / base))
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "rules.yaml"
        file.write_text(text)
        live = Live(read, artifacts, file, shop_clock(read))
        live.refresh()
        late = during_reloads(live, [text + "# again\n", text], requests, 40, 2 if quick else 5)
    return [
        Row("10,000 rules: read and bound", "< 2 s", f"{reading + binding:.2f} s", reading + binding < 2),
        Row("10,000 rules against 10: a whole request", "≤ 1.25 ×", f"{ratio:.2f} ×", ratio <= 1.25),
        Row("p99 of requests beside reloads of 10,000 rules", "< 1.5 ×", f"{late:.2f} ×", late < 1.5),
    ]


def during_reloads(live: Live, texts: Sequence[str], requests: Asked, rate: float, rounds: int) -> float:
    """Return and print what reloads do to requests: rounds without and with them in turn, and all rounds together."""
    quiet, busy, took = [], [], []
    for number in range(rounds):
        quiet.append(steadily(live, requests, rate))
        with reloading(live, texts) as seconds:
            busy.append(steadily(live, requests, rate))
        took += seconds
        tell(f"round {number + 1}: quiet | during reloads of 10,000 rules", quiet[-1], busy[-1])
    told = [(np.quantile(a, 0.99), np.quantile(b, 0.99)) for a, b in zip(quiet, busy, strict=True)]
    print(f"a reload took {np.median(took):.1f} s (of {len(took)})")
    print(
        f"p99 by round, ratio: {' '.join(f'{b / a:.2f}' for a, b in told)}; median {np.median([b / a for a, b in told]):.2f}"
    )
    middle = float(np.median([b / a for a, b in told]))
    every = [np.quantile(np.concatenate(some), [0.5, 0.99]) for some in (quiet, busy)]
    print(
        f"all rounds together: p50 {every[1][0] / every[0][0]:.2f}, p99 {every[1][1] / every[0][1]:.2f} times the quiet ones"
    )
    return middle


def main() -> None:
    read = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    read.add_argument("shop", type=Path)
    read.add_argument("--artifacts", type=Path, default=Path("artifacts"))
    read.add_argument("--requests", type=int, default=300)
    read.add_argument("--rate", type=float, default=40, help="requests a second during reloads")
    read.add_argument("--rounds", type=int, default=6)
    options = read.parse_args()
    shop = read_shop(options.shop)
    engine = load_engine(shop, Registry(options.artifacts).current(), None, shop_clock(shop))
    writer = Writer(engine.snapshot, 1)
    lines = mixed(writer, MANY)
    requests = draw(engine.snapshot, [], options.requests, 1, None)
    few = loaded(engine, writer.file(lines[:FEW]))[0]
    nobody = loaded(engine, writer.file(lines[:FEW] + [writer.of_nobody() for _ in range(MANY - FEW)]))[0]
    dated = loaded(engine, writer.file([writer.dated() for _ in range(MANY)]))[0]
    text = writer.file(lines)
    many, _, reading, binding = loaded(engine, text)
    print(f"10,000 rules: read in {reading:.2f} s, bound in {binding:.2f} s")
    dated.snapshot.rules.timed.kept = ()  # forget what the load made ready
    began = time.perf_counter()
    dated.snapshot.rules.timed.stretch(engine.snapshot.clock())
    print(
        f"10,000 dated rules: made ready for a window's edge in {(time.perf_counter() - began) * 1_000:.0f} ms, once an edge"
    )
    timed([few, nobody, dated, many], requests[:30])
    base, same, windows, all_kinds = timed([few, nobody, dated, many], requests)
    tell("whole request: 10 rules | 10 and 9,990 that do not hold", base, same)
    tell("whole request: 10 rules | 10,000 dated, all live", base, windows)
    tell("whole request: 10 rules | 10,000 mixed", base, all_kinds)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "rules.yaml"
        file.write_text(text)
        live = Live(shop, options.artifacts, file, shop_clock(shop))
        live.refresh()
        during_reloads(live, [text + "# again\n", text], requests, options.rate, options.rounds)


if __name__ == "__main__":
    main()
