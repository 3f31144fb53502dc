"""The desk: in full under a permit, else from what was prepared; faults are logged once a minute."""

import threading
from collections.abc import Callable
from math import inf
from pathlib import Path
from time import perf_counter, sleep

import pytest
from flask import Flask

from recsvc.asking import Answer, Ask, BadFilterError, UnknownCarouselError
from recsvc.carousel import Engine
from recsvc.desk import Desk, Served
from recsvc.pace import Pace
from recsvc.sessions import Sessions


def serve(desk: Desk, engine: Engine, ask: Ask, *, patient: bool = False) -> Served:
    return desk.serve(lambda pace: [engine.carousel("for-you", ask, pace)], "for-you", perf_counter(), patient=patient)


def test_a_permit_gives_the_same_answer_as_the_engine(tiny_engine: Engine) -> None:
    ask = Ask(user_id="w0", store_id="south")
    served = serve(Desk(1, 60, 0), tiny_engine, ask)
    assert served.answers == [tiny_engine.carousel("for-you", ask)] and not served.refused
    assert [one.stage for one in served.pace.spent] == [
        "wait",
        "understand",
        "rules",
        "candidates",
        "rank",
        "arrange",
        "answer",
    ]


def test_without_a_permit_the_answer_is_prepared_and_who_explains_needs_none(tiny_engine: Engine) -> None:
    desk, held, done = Desk(1, 0.01, 0.5), threading.Event(), threading.Event()

    def hold(pace: Pace) -> list[Answer]:
        held.set()
        done.wait(60)
        return []

    thread = threading.Thread(target=desk.serve, args=(hold, "for-you", inf))
    thread.start()
    assert held.wait(60)
    served = serve(desk, tiny_engine, Ask(size=4))
    assert served.refused and served.answers[0].degraded == ("load",) and len(served.answers[0].items) == 4
    patient = serve(desk, tiny_engine, Ask(size=4, explain=True), patient=True)
    assert patient.answers[0].degraded == () and patient.answers[0].notes
    done.set()
    thread.join()


def test_a_store_that_takes_its_time_is_no_crowd(
    trained_once: Path, make_app: Callable[..., Flask], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A personal carousel came from the prepared list with `load`, though every permit was free."""
    known = Sessions.known

    def slowly(self: Sessions, ask: Ask, until: int) -> Ask:
        sleep(2.5)
        return known(self, ask, until)

    monkeypatch.setattr(Sessions, "known", slowly)
    client = make_app(trained_once, PERMIT_WAIT_MS="2000").test_client()
    answer = client.get("/v1/carousels/for-you?user_id=u1&size=4").get_json()
    assert "degraded" not in answer and answer["items"]


def test_a_stage_that_stalls_leaves_out_what_comes_after_it(tiny_engine: Engine) -> None:
    """The budget counts from the arrival, so that what waited has less of it left."""

    def stalled(pace: Pace) -> list[Answer]:
        sleep(0.03)
        return [tiny_engine.carousel("for-you", Ask(user_id="w0"), pace)]

    (answer,) = Desk(1, 60, 0.02).serve(stalled, "for-you", perf_counter()).answers
    assert answer.items and answer.degraded == ("candidates",)


@pytest.mark.parametrize("error", [UnknownCarouselError("no carousel"), BadFilterError("no filter")])
def test_what_is_wrong_with_the_request_is_not_answered_by_something_else(error: Exception) -> None:
    def refuse(pace: Pace) -> list[Answer]:
        raise error

    with pytest.raises(type(error)):
        Desk(1, 60, 0).serve(refuse, "for-you", perf_counter())


def test_a_stage_that_fails_is_answered_from_what_was_prepared_and_logged_once(
    tiny_engine: Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(pace: Pace) -> list[Answer]:
        if pace.prepared is None:
            pace.enter("arrange", "for-you")
            raise ZeroDivisionError("not to be logged")
        return [tiny_engine.carousel("for-you", Ask(size=3), pace)]

    desk = Desk(1, 60, 0)
    for _ in range(5):
        (answer,) = desk.serve(fail, "for-you", perf_counter()).answers
        assert answer.degraded == ("arrange",) and len(answer.items) == 3
    logged = capsys.readouterr().out
    assert logged.count('"event":"crash"') == 1 and '"request_id":"part:arrange"' in logged
    assert "not to be logged" not in logged
