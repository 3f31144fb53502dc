"""Permits, and how long a request waited for its thread."""

import threading
from time import perf_counter, sleep

from recsvc.admission import Permits, TimedPool, aside, waited


def test_as_many_permits_are_out_as_there_are_and_each_comes_back() -> None:
    permits, late = Permits(2), perf_counter() + 60
    with permits.one(late) as first, permits.one(late) as second, permits.one(perf_counter() + 0.01) as third:
        assert (first, second, third) == (True, True, False)
    with permits.one(perf_counter() + 60) as again:
        assert again


def test_a_permit_is_given_back_when_what_held_it_fails() -> None:
    permits = Permits(1)
    for _ in range(3):
        try:
            with permits.one(perf_counter() + 60) as admitted:
                assert admitted
                raise ZeroDivisionError
        except ZeroDivisionError:
            pass


def test_who_waits_gets_the_next_one() -> None:
    permits, got = Permits(1), []
    began = threading.Event()

    def wait() -> None:
        began.set()
        with permits.one(perf_counter() + 60) as admitted:
            got.append(admitted)

    with permits.one(perf_counter() + 60):
        thread = threading.Thread(target=wait)
        thread.start()
        began.wait(60)
    thread.join(60)
    assert got == [True]


def test_who_waited_too_long_for_a_thread_gets_none_even_of_a_free_one() -> None:
    with Permits(1).one(perf_counter() - 0.001) as admitted:
        assert not admitted


def test_a_thread_knows_how_long_its_work_was_queued_and_tells_it_once() -> None:
    free = threading.Event()
    with TimedPool(1, 0) as pool:
        pool.submit(free.wait)
        queued = pool.submit(lambda: (waited(), waited()))
        sleep(0.05)
        free.set()
        assert queued.result()[0] >= 0.05 and queued.result()[1] == 0.0
    assert waited() == 0.0, "elsewhere nothing was queued"


def test_turns_go_to_those_who_wait_in_their_order_and_one_that_fails_takes_none_with_it() -> None:
    got, began = list[str](), threading.Event()

    def first() -> None:
        began.set()
        while len(pool._waiting) < 3:
            sleep(0.001)
        raise ZeroDivisionError

    with TimedPool(1, 2) as pool:
        failed = pool.submit(first)
        began.wait(10)
        calls = [pool.submit(got.append, name) for name in "abc"]
        assert isinstance(failed.exception(10), ZeroDivisionError)
        assert [call.result(10) for call in calls] == [None] * 3 and got == ["a", "b", "c"]
        assert pool.submit(lambda: "again").result(10) == "again"


def test_a_call_that_stands_aside_for_the_disk_holds_nobody_up() -> None:
    stored = threading.Event()

    def store() -> bool:
        aside()
        return stored.wait(60)

    with TimedPool(1, 2) as pool:
        calls = [pool.submit(store) for _ in range(2)]
        assert pool.submit(lambda: "a carousel").result(60) == "a carousel"
        stored.set()
        assert all(call.result(60) for call in calls)
