"""Progress: a bar on a terminal, plain lines elsewhere, silence for machines."""

import io

from training.progress import SILENT, Progress, _Lines


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_terminal_gets_a_bar_with_the_time_left() -> None:
    """The bar ends full, with the piece that is worked on behind its title."""
    stream = Terminal()
    with Progress(stream=stream).step("fitting", total=2) as bar:
        bar.say("als")
        bar.update(1)
    assert "fitting: als" in stream.getvalue()
    assert "100%" in stream.getvalue()
    assert "left" in stream.getvalue()


def test_a_log_gets_a_line_a_step() -> None:
    """Without a terminal there are no carriage returns."""
    stream = io.StringIO()
    with Progress(stream=stream).step("fitting", total=2) as bar:
        bar.say("als")
        bar.update(2)
    assert stream.getvalue().startswith("fitting: done in ")
    assert "\r" not in stream.getvalue()


def test_a_long_step_says_how_far_it_is() -> None:
    """After ten seconds without news a line tells the share done and the time left."""
    stream = io.StringIO()
    lines = _Lines("reading", 100, stream)
    lines.started -= 30
    lines.told -= 30
    lines.update(25)
    lines.update(1)
    assert stream.getvalue() == "reading: 25%, about 90 s left\n"


def test_a_machine_gets_nothing() -> None:
    """Quiet is quiet."""
    with SILENT.step("fitting", total=1) as bar:
        bar.say("als")
        bar.update()
