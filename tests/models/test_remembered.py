"""What was worked out for a request is worked out once, and never given to another one."""

from models.remembered import AT_ONCE, Remembered
from models.schema import Context


def test_requests_that_run_at_once_each_get_their_own_and_have_it_worked_out_once() -> None:
    """Contexts that are equal are still two requests; one more than fit is right too."""
    asked: list[int] = []

    def work(context: Context) -> int:
        asked.append(id(context))
        return id(context)

    held: Remembered[int] = Remembered()
    contexts = [Context(0) for _ in range(AT_ONCE)]
    for _ in range(3):
        assert [held.of(one, work) for one in contexts] == [id(one) for one in contexts]
    assert len(asked) == AT_ONCE
    another = Context(0)
    assert held.of(another, work) == id(another) and held.of(contexts[-1], work) == id(contexts[-1])
    assert len(asked) == AT_ONCE + 1
    assert held.of(contexts[0], work) == id(contexts[0]) and len(asked) == AT_ONCE + 2
