"""Heavy work in the background lets requests through, and leaves the process as it was."""

import gc
import sys

import pytest

from recsvc.gently import TURN, gently


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
