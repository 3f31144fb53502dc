"""Algolia Insights events as CSV or JSON lines: what was bought is a conversion whose name says so.

Events as they are sent have ``objectIDs``, with quantities and prices in ``objectData``; exports have an ``objectID`` a row.

Source: https://www.algolia.com/doc/guides/sending-events/concepts/event-types, …/doc/rest-api/insights
"""

from training.read.formats.part import Format, Part

EVENT = """case when lower(eventsubtype) = 'purchase' then 'purchase' when lower(eventsubtype) = 'addtocart' then 'cart'
    when lower(eventtype) = 'conversion' and regexp_matches(lower(eventname), 'cart|basket|wish|favo') then 'cart'
    when lower(eventtype) = 'conversion' and regexp_matches(lower(eventname), 'purchas|bought|buy|order|checkout')
    then 'purchase' else lower(eventtype) end"""
ITEMS = """case when json_array_length(objectids) > 0 then to_json(list_transform(range(json_array_length(objectids)::bigint),
    lambda place: json_object('id', objectids->place, 'data', objectdata->place))) end"""

ALGOLIA = Format(
    "algolia-insights",
    "Algolia Insights events",
    (
        Part(
            "purchases",
            needs=("userToken", "eventType", "eventName", "timestamp"),
            tells=("objectID", "objectIDs"),
            reads=(
                "objectID", "objectIDs", "objectData", "eventSubtype", "authenticatedUserToken", "price", "quantity", "currency",
            ),
            items=ITEMS,
            nested=("objectids", "objectdata"),
            fields={
                "user_id": "coalesce(given(authenticatedusertoken), given(usertoken))",
                "product_id": "case when objectids is null then given(objectid) else given(item->>'$.id') end",
                "time": "timestamp",
                "event": EVENT,
                "quantity": "case when objectdata is null then given(quantity) else given(item->>'$.data.quantity') end",
                "price": "case when objectdata is null then given(price) else given(item->>'$.data.price') end",
                "currency": "given(currency)",
            },
            extras={"event_name": "eventname"},
        ),
    ),
)  # fmt: skip
