"""The names that a field of a shop cannot have are those that requests use."""

from models.request_keys import CONTEXT, LONGEST, OWN, is_taken
from recsvc.forms import Form
from recsvc.rules.shop_facts import BUILT_IN_FIELDS


def test_every_key_of_a_request_is_its_own_or_describes_the_situation() -> None:
    """The form, the two columns that a table of requests has beside it, and what rules call the store."""
    assert {*OWN, *CONTEXT} == {*Form.model_fields, "request_id", "carousel", "store"}
    assert not OWN & {*CONTEXT}
    assert (*CONTEXT,) == tuple(name for name in BUILT_IN_FIELDS if name != "store")


def test_a_text_of_a_request_is_as_long_as_is_said() -> None:
    """One character more is refused."""
    assert Form(device="x" * LONGEST).device
    for name in CONTEXT:
        assert {"maxLength": LONGEST, "type": "string"} in Form.model_json_schema()["properties"][name]["anyOf"]


def test_words_that_forms_need_are_taken() -> None:
    """A model of a car is a field, the settings of a form are none."""
    assert [
        name for name in ("model_year", "model_config", "model_dump", "_x", "cart", "weather") if is_taken(name)
    ] == [
        "model_config",
        "model_dump",
        "_x",
        "cart",
    ]
