"""Algolia Insights events as CSV or JSON lines: what was bought is a conversion whose name says so.

Source: https://www.algolia.com/doc/guides/sending-events/concepts/event-types
"""

from training.read.formats.part import Format, Part

EVENT = """case when lower(eventsubtype) = 'purchase' then 'purchase' when lower(eventsubtype) = 'addtocart' then 'cart'
    when lower(eventtype) = 'conversion' and regexp_matches(lower(eventname), 'cart|basket|wish|favo') then 'cart'
    when lower(eventtype) = 'conversion' and regexp_matches(lower(eventname), 'purchas|bought|buy|order|checkout')
    then 'purchase' else lower(eventtype) end"""

ALGOLIA = Format(
    "algolia-insights",
    "Algolia Insights events",
    (
        Part(
            "purchases",
            needs=("userToken", "objectID", "eventType", "eventName", "timestamp"),
            reads=("eventSubtype", "authenticatedUserToken", "price", "quantity"),
            fields={
                "user_id": "coalesce(given(authenticatedusertoken), given(usertoken))",
                "product_id": "objectid",
                "time": "timestamp",
                "event": EVENT,
                "quantity": "quantity",
                "price": "price",
            },
            extras={"event_name": "eventname"},
        ),
    ),
)
