"""The table of the rules' sentences is whole: each has a test that is there."""

import ast
from functools import cache
from pathlib import Path

import pytest
from sentences import HELD, SENTENCES

ROOM = Path(__file__).parent.parent


@cache
def named_in(file: str) -> frozenset[str]:
    """Return the names of the tests of a file."""
    tree = ast.parse((ROOM / file).read_text())
    return frozenset(one.name for one in tree.body if isinstance(one, ast.FunctionDef) and one.name.startswith("test_"))


@pytest.mark.parametrize("section", SENTENCES)
def test_every_sentence_has_a_test_and_every_test_is_there(section: str) -> None:
    """No sentence without one, none that was renamed or taken away, none named twice for one sentence."""
    for sentence, tests in SENTENCES[section].items():
        assert tests and len(set(tests)) == len(tests), sentence
        for name in tests:
            file, _, test = name.partition("::")
            assert test in named_in(file), (sentence, name)


def test_every_sentence_is_the_name_of_its_tests(request: pytest.FixtureRequest) -> None:
    """This test is held to a sentence too, and so runs under it; the sentences of a test are all different."""
    assert "every line below is a test" in request.node.name
    assert all(len(set(some)) == len(some) for some in HELD.values())


def test_the_steps_are_told_from_0_to_11() -> None:
    """In their order, none left out."""
    steps = [int(sentence.split(".")[0]) for sentence in SENTENCES["one pass"] if sentence[0].isdigit()]
    assert steps == list(range(12))


def test_every_test_of_the_sentences_file_holds_one() -> None:
    """A test that was written for a sentence is named by it."""
    own = {f"rules/test_rules_sentences.py::{test}" for test in named_in("rules/test_rules_sentences.py")}
    assert own <= HELD.keys()
