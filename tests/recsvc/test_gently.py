"""Heavy work in the background lets requests through, and leaves the process as it was."""

import gc
import subprocess
import sys
import threading
import time

import pytest

from recsvc.gently import HEAVY, REST, TURN, WORK, gently, gently_for


@pytest.mark.parametrize("fails", [False, True])
def test_the_switches_are_set_back_even_after_a_failure(fails: bool) -> None:
    """Turns are short and nothing is collected inside; both are as before outside."""
    before = sys.getswitchinterval()
    try:
        with gently():
            assert sys.getswitchinterval() == pytest.approx(TURN) and not gc.isenabled()
            if fails:
                raise ValueError
    except ValueError:
        pass
    assert sys.getswitchinterval() == before and gc.isenabled()


def test_what_was_off_stays_off() -> None:
    """A process that collects by hand keeps doing so."""
    gc.disable()
    try:
        with gently():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_work_that_goes_on_rests() -> None:
    """Work that calls its rest again and again is held up by one, as long as a rest is."""
    longest = 0.0
    with gently() as rest:
        while longest < REST:
            began = time.perf_counter()
            rest()
            longest = time.perf_counter() - began
    assert REST > WORK, "it rests more than it works"


def test_others_get_their_turn_while_the_work_rests() -> None:
    """A thread beside the work gets on, however long the work is."""
    done = threading.Event()
    beside = threading.Thread(target=lambda: (time.sleep(0.001), done.set()))
    with gently() as rest:
        beside.start()
        while not done.is_set():
            rest()
    beside.join()
    assert done.is_set()


def test_only_many_rules_are_worked_on_gently() -> None:
    """A file of a few rules is read at once: nothing of the process is switched."""
    before = sys.getswitchinterval()
    for text in (None, b"x" * HEAVY):
        with gently_for(text):
            assert sys.getswitchinterval() == before
    with gently_for(b"x" * (HEAVY + 1)):
        assert sys.getswitchinterval() == pytest.approx(TURN)


def test_nothing_is_told_as_a_leak_at_the_exit_of_the_process() -> None:
    """Libraries look for objects that were never freed when the interpreter ends."""
    code = "import duckdb\nfrom recsvc.gently import gently\nwith gently() as rest:\n    rest()\nduckdb.connect().execute('select 1')\n"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr == ""
