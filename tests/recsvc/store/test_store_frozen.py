"""A PostgreSQL that is frozen holds up no request: whoever asks is told in time, most are told at once."""

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from time import monotonic

import psycopg
import pytest

from models.errors import StoreError
from recsvc.sessions import Sessions
from recsvc.store.answering import REST_SECONDS, Answering
from recsvc.store.database import BUSY_SECONDS, Store
from recsvc.store.lately import LatelyReader
from recsvc.store.prompt import ANSWER_MS
from recsvc.store.refusals import Refusals
from running import children, wait_until

ENDS_WITHIN = 30.0
"""Seconds after which whoever still waits is taken to wait for good."""


@pytest.fixture
def reader(postgresql_url: str) -> Iterator[LatelyReader]:
    with closing(Store(postgresql_url)) as store:
        store.engine()
        with closing(LatelyReader(store)) as made:
            yield made


@contextmanager
def frozen(url: str) -> Iterator[None]:
    """Let no process of the server run while the block does."""
    with psycopg.connect(url) as connection:
        (data,) = connection.execute("SHOW data_directory").fetchone() or ("",)
    server = int((Path(data) / "postmaster.pid").read_text().splitlines()[0])
    stopped = [server]
    os.kill(server, signal.SIGSTOP)  # first: it starts no other
    try:
        for child in children(server):
            with suppress(ProcessLookupError):
                os.kill(child, signal.SIGSTOP)
                stopped.append(child)
        yield
    finally:
        for one in reversed(stopped):  # the server last: what ended meanwhile is there until it looks
            with suppress(ProcessLookupError):
                os.kill(one, signal.SIGCONT)


def answers(reader: LatelyReader) -> bool:
    try:
        return reader.user_of("v") is None
    except StoreError:
        return False


def test_a_frozen_server_is_given_up_on_by_every_thread_and_comes_back_by_itself(reader: LatelyReader) -> None:
    """By those that hold a connection, and by those that need one."""
    told: dict[str, bool] = {}
    ready, go = threading.Barrier(4), threading.Barrier(4)

    def ask(name: str, before: bool) -> None:
        if before:
            wait_until(lambda: answers(reader))
        ready.wait(ENDS_WITHIN)
        go.wait(ENDS_WITHIN)
        told[name] = answers(reader)
        reader.close()

    threads = [threading.Thread(target=ask, args=(f"{n}", n < 2), daemon=True) for n in range(3)]
    for thread in threads:
        thread.start()
    ready.wait(ENDS_WITHIN)
    with frozen(reader.store.url):
        go.wait(ENDS_WITHIN)
        for thread in threads:
            thread.join(ENDS_WITHIN)
        assert told == {"0": False, "1": False, "2": False}
    wait_until(lambda: answers(reader))


def test_connecting_to_a_frozen_server_takes_no_longer_than_an_answer(reader: LatelyReader) -> None:
    """The driver itself waits two seconds; a connection that comes too late is the next one's."""
    with frozen(reader.store.url):
        began = monotonic()
        assert not answers(reader)
        assert monotonic() - began < BUSY_SECONDS
    wait_until(lambda: answers(reader))


def test_a_frozen_server_is_told_while_the_look_at_it_does_not_come_back(postgresql_url: str) -> None:
    """Its connection is there, so nothing fails; the trouble is over once the look ends."""
    with closing(Store(postgresql_url)) as store:
        sessions = Sessions(store, Refusals(store), lambda: 0, ANSWER_MS)
        sessions.follow()
        assert sessions.troubles == ()
        look = threading.Thread(target=sessions.follow, daemon=True)
        with frozen(postgresql_url):
            look.start()
            wait_until(lambda: sessions.troubles)
            (trouble,) = sessions.troubles
            assert (trouble.part, trouble.cause) == (
                "store",
                f"has not answered for {BUSY_SECONDS} s",
            ) and trouble.since
        look.join(ENDS_WITHIN)
        assert sessions.troubles == ()


def test_after_a_failure_one_at_a_time_tries_and_the_others_are_told_at_once() -> None:
    now = [100.0]
    store = Answering(lambda: now[0])
    assert store.may_ask() and store.may_ask()
    store.tell(False)
    assert not store.may_ask()
    for _ in range(2):
        now[0] += REST_SECONDS
        assert [store.may_ask() for _ in range(3)] == [True, False, False]
        store.tell(False)
        assert not store.may_ask()
    now[0] += REST_SECONDS
    assert [store.may_ask() for _ in range(2)] == [True, False]
    store.tell(True)
    assert store.may_ask() and store.may_ask()
