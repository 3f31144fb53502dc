"""Answers for nobody in particular are worked out once a second, and never outlive what they were made from."""

from recsvc.asking import Ask
from recsvc.desk import Served
from recsvc.pace import Pace
from recsvc.shared_answers import MOST, Shared, SharedAnswers, shared_key

ONE, OTHER = object(), object()
ANSWER = Shared(Served([], Pace()), b"{}", {})


def test_an_answer_is_kept_for_its_state_and_its_second_alone() -> None:
    held = SharedAnswers()
    held.keep(ONE, 7, "a", ANSWER)  # type: ignore[arg-type]
    assert held.get(ONE, 7, "a") is ANSWER  # type: ignore[arg-type]
    assert held.get(ONE, 8, "a") is None and held.get(OTHER, 7, "a") is None and held.get(ONE, 7, "b") is None  # type: ignore[arg-type]
    held.keep(OTHER, 7, "b", ANSWER)  # type: ignore[arg-type]
    assert held.get(ONE, 7, "a") is None  # type: ignore[arg-type]


def test_no_more_are_kept_than_fit() -> None:
    held = SharedAnswers()
    for number in range(MOST + 1):
        held.keep(ONE, 7, number, ANSWER)  # type: ignore[arg-type]
    assert held.get(ONE, 7, MOST - 1) is ANSWER and held.get(ONE, 7, MOST) is None  # type: ignore[arg-type]


def test_whatever_an_answer_hangs_on_tells_it_from_others_and_a_shoppers_own_is_never_shared() -> None:
    plain = shared_key("bestsellers", Ask())
    assert plain is not None and plain == shared_key("bestsellers", Ask())
    others = [Ask(product_id="p"), Ask(store_id="s"), Ask(fields={"device": "mobile"}), Ask(size=3), Ask(offset=2), Ask(exclude=("p",)),
              Ask(candidates=()), Ask(filter="price > 3"), Ask(consent=False)]  # fmt: skip
    keys = [shared_key("bestsellers", one) for one in others]
    assert len({plain, *keys, shared_key("trending", Ask())}) == len(others) + 2
    for own in (
        Ask(user_id="u"),
        Ask(visitor_id="v"),
        Ask(cart=("p",)),
        Ask(recent=("p",)),
        Ask(explain=True),
        Ask(at=5),
    ):
        assert shared_key("bestsellers", own) is None
