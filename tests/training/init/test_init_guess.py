"""Headers that say nothing: what the values do tells which column is which, and it is called a guess."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from asked_init import Init, data, shop

COLUMNS = ("user_id", "order_id", "product_id", "time", "quantity", "price")
Row = dict[str, str]


def rows(blanks: float = 0.0, days_only: bool = False, coded: bool = True) -> list[Row]:
    """Return lines of a shop: sixty shoppers of two stores, forty products, baskets of one to five."""
    rng, out = np.random.default_rng(5), list[Row]()
    for order in range(400):
        user = int(rng.integers(60))
        when = datetime(2026, 3, 1, 9) + timedelta(days=int(rng.integers(90)), seconds=int(rng.integers(36_000)))
        who = "" if rng.random() < blanks else f"{'K' if coded else ''}{4000 + user}"
        for line, product in enumerate(rng.choice(40, int(rng.integers(1, 6)), replace=False).tolist()):
            pieces = int(rng.choice([1, 2, 3, 6], p=[0.6, 0.2, 0.1, 0.1]))
            price = 1.99 + product * 0.75
            out.append(
                {
                    "user_id": who, "order_id": str(71_000 + order), "product_id": f"{'A' if coded else ''}{100 + product}",
                    "time": f"{when:%Y-%m-%d}" if days_only else f"{when:%Y-%m-%d %H:%M:%S}", "quantity": str(pieces),
                    "price": f"{price:.2f}", "store": f"S{user % 2}", "line": str(line + 1), "total": f"{pieces * price:.2f}",
                    "row": str(len(out) + 1), "label": f"Product number {product}", "kind": f"kind {product % 6}",
                }
            )  # fmt: skip
    return out


def table(lines: Sequence[Row], order: Sequence[str], header: Sequence[str] | None = None) -> str:
    """Return a CSV of these columns under names that say nothing."""
    names = header or [f"f{place}x" for place in range(len(order))]
    return "\n".join(",".join(one) for one in [names, *([row[name] for name in order] for row in lines)]) + "\n"


ALL = (*COLUMNS, "store", "line", "total", "row", "label", "kind")


MADE: dict[str, tuple[int, dict[str, float]]] = {
    "as they come": (0, {}),
    "blank shoppers, turned": (5, {"blanks": 0.3}),
    "days without times": (9, {"days_only": True}),
    "numbers for ids": (3, {"coded": False, "blanks": 0.2}),
}


@pytest.mark.parametrize("made", MADE)
def test_values_tell_what_columns_are(init: Init, made: str) -> None:
    """In any order of columns, beside stores, numbers of lines and rows, totals, names and kinds, with blank shoppers too."""
    turn, how = MADE[made]
    order = [*ALL[turn:], *ALL[:turn]][:: -1 if turn == 5 else 1]
    done = init("--yes", "--set", "p.csv=purchases", p__csv=table(rows(**how), order))  # type: ignore[arg-type]
    assert done.exit_code == 0, done.output
    purchases = shop().data.purchases
    assert purchases is not None
    assert purchases.columns == {our: f"f{order.index(our)}x" for our in COLUMNS}
    for our in ("user_id", "order_id", "product_id", "quantity", "price"):
        assert f"{our} = f{order.index(our)}x is a guess, by its values alone: " in done.output


def test_a_guess_is_asked_and_none_is_an_answer(init: Init) -> None:
    """Without a terminal: exit code 2, and what each guess goes by; what is answered is asked no more."""
    text = table(rows(), ("quantity", "product_id", "time", "order_id", "user_id"))
    done = init("--set", "p.csv=purchases", p__csv=text)
    assert done.exit_code == 2 and not Path("shop.toml").exists()
    assert (
        "which column is the product? f1x is a guess, by its values alone: an order has several of its values"
        in done.output
    )
    for flag in ("user_id=f4x", "order_id=f3x", "product_id=f1x", "quantity=f0x"):
        assert f"--set {flag}" in done.output
    answers = {"p.csv": "purchases", "user_id": "f4x", "product_id": "f1x", "order_id": "f3x", "quantity": "none"}
    answers["timezone"] = "UTC"
    done = init(*(f"--set={key}={value}" for key, value in answers.items()), p__csv=text)
    assert done.exit_code == 0, done.output
    purchases = shop().data.purchases
    assert purchases is not None and "quantity" not in purchases.columns and "guess" not in done.output
    assert data().facts.users == len({row["user_id"] for row in rows()})


def test_a_name_that_says_something_is_never_guessed_over(init: Init) -> None:
    """A store is no shopper and a brand no product, whatever their values do; a shopper by name stays the shopper."""
    lines = [row for row in rows() if row["user_id"]]
    done = init("--yes", p__csv=table(lines, ("user_id", "product_id", "time"), ("store", "brand", "date")))
    assert "user_id = store" not in done.output and "product_id = brand" not in done.output
    text = table(lines, ("store", "time", "user_id", "product_id"), ("customer", "date", "f2x", "f3x"))
    done = init("--force", "--yes", "--set", "p.csv=purchases", p__csv=text)
    assert done.exit_code == 0, done.output
    purchases = shop().data.purchases
    assert purchases is not None and (purchases.columns["user_id"], purchases.columns["product_id"]) == (
        "customer",
        "f3x",
    )


def test_where_values_do_not_tell_either_that_is_said(init: Init) -> None:
    """Events one by one: nothing tells shoppers from products, so the first column is proposed, and called no more than that."""
    text = "q,r,s\n" + "".join(
        f"x{i * 7 % 40},2026-03-{i % 28 + 1:02} 10:{i % 60:02}:{i * 7 % 60:02},v{i * 3 % 50}\n" for i in range(300)
    )
    done = init("--set", "p.csv=purchases", p__csv=text)
    assert done.exit_code == 2 and "--set user_id=q" in done.output and "--set product_id=s" in done.output
    assert "q is the first that is left: neither names nor values tell" in done.output
