"""What the report says of a feature."""

import pytest

from models.features import names
from training.report.words import described


def test_every_feature_is_told_in_words() -> None:
    """Whatever a ranker may go by; a name that nothing is known of says nothing."""
    silent = [one for one in names(("weekday", "weather-rain"), {}) if not described(one)]
    assert silent == []
    assert described("nothing") == ""


@pytest.mark.parametrize(
    ("feature", "said"),
    [
        ("kind.rate80", "share of the shopper's orders with its kind (the finest group of the catalogue); an order counts half after 80 days"),
        ("product.due", "days since the shopper last bought the product, over everybody's usual days between"),
        ("lift.weekday", "how much more often it is bought at such a weekday than usual"),
        ("promotions.mailer_location", "mailer_location, as the context table promotions says it"),
    ],
)  # fmt: skip
def test_a_feature_in_words(feature: str, said: str) -> None:
    """Levels, moments and context tables by their parts."""
    assert described(feature) == said
