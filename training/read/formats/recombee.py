"""Recombee purchases: price and profit are totals of the line, not of a piece.

Source: https://docs.recombee.com/api#purchases
"""

from training.read.formats.part import Format, Part

RECOMBEE = Format(
    "recombee",
    "Recombee purchases",
    (
        Part(
            "purchases",
            needs=("userId", "itemId", "timestamp"),
            tells=("amount", "profit", "recommId"),
            reads=("amount", "price", "profit", "recommId"),
            fields={
                "user_id": "userid",
                "product_id": "itemid",
                "time": "timestamp",
                "quantity": "amount",
                "price": "number_of_text(price) / coalesce(nullif(number_of_text(amount), 0), 1)",
            },
            extras={"profit": "profit", "recommendation": "recommid"},
            exact=True,
        ),
    ),
)
