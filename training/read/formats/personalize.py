"""Amazon Personalize: interactions, items and users as CSV with columns in capitals.

Source: https://docs.aws.amazon.com/personalize/latest/dg/how-it-works-dataset-schema.html
"""

from training.read.formats.part import Format, Part

PERSONALIZE = Format(
    "amazon-personalize",
    "Amazon Personalize interactions, items and users",
    (
        Part(
            "purchases",
            needs=("USER_ID", "ITEM_ID", "TIMESTAMP"),
            reads=("EVENT_TYPE", "EVENT_VALUE"),
            fields={
                "user_id": "user_id",
                "product_id": "item_id",
                "time": "timestamp",
                "event": "event_word(event_type)",
            },
            extras={"value": "event_value"},
            exact=True,
        ),
        Part(
            "products",
            needs=("ITEM_ID",),
            reads=("CATEGORY_L1", "CATEGORY_L2", "CATEGORY_L3", "PRICE", "CREATION_TIMESTAMP", "PRODUCT_NAME", "BRAND"),
            fields={
                "product_id": "item_id",
                "name": "given(product_name)",
                "category": "nullif(concat_ws(' > ', given(category_l1), given(category_l2), given(category_l3)), '')",
                "department": "given(category_l1)",
                "brand": "given(brand)",
                "price": "price",
                "available_from": "creation_timestamp",
            },
            attributes=("department",),
            rest=True,
            exact=True,
        ),
        Part("users", needs=("USER_ID",), fields={"user_id": "user_id"}, rest=True, exact=True),
    ),
)
