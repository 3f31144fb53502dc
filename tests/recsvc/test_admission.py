"""Permits, and how long a request waited for its thread."""

import threading
from time import perf_counter, sleep

from recsvc.admission import Permits, TimedPool, waited


def test_as_many_permits_are_out_as_there_are_and_each_comes_back() -> None:
    permits = Permits(2)
    soon = perf_counter() + 0.01
    with permits.one(soon) as first, permits.one(soon) as second, permits.one(soon) as third:
        assert (first, second, third) == (True, True, False)
    with permits.one(perf_counter() + 5) as again:
        assert again


def test_a_permit_is_given_back_when_what_held_it_fails() -> None:
    permits = Permits(1)
    for _ in range(3):
        try:
            with permits.one(perf_counter() + 5) as admitted:
                assert admitted
                raise ZeroDivisionError
        except ZeroDivisionError:
            pass


def test_who_waits_gets_the_next_one() -> None:
    permits, got = Permits(1), []
    began = threading.Event()

    def wait() -> None:
        began.set()
        with permits.one(perf_counter() + 30) as admitted:
            got.append(admitted)

    with permits.one(perf_counter() + 5):
        thread = threading.Thread(target=wait)
        thread.start()
        began.wait(5)
    thread.join(30)
    assert got == [True]


def test_who_waited_too_long_for_a_thread_gets_none_even_of_a_free_one() -> None:
    with Permits(1).one(perf_counter() - 0.001) as admitted:
        assert not admitted


def test_a_thread_knows_how_long_its_work_was_queued_and_tells_it_once() -> None:
    with TimedPool(max_workers=1) as pool:
        pool.submit(sleep, 0.05)
        queued = pool.submit(lambda: (waited(), waited()))
        assert queued.result()[0] >= 0.04 and queued.result()[1] == 0.0
    assert waited() == 0.0, "elsewhere nothing was queued"
