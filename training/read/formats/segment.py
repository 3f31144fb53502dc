"""Segment, e-commerce spec v2: track calls as JSON lines; events of the product have it beside them, orders a list.

An order is completed once, whatever told of it; it may be refunded again and again, so a refund is known by its call.

Source: https://segment.com/docs/connections/spec/ecommerce/v2/, …/connections/spec/common (``messageId``)
"""

from training.read.formats.part import CALL, WHOLE_ORDER, Format, Part

EVENT = """case event when 'Order Completed' then 'purchase' when 'Order Refunded' then 'refund'
    when 'Order Cancelled' then 'cancelled' when 'Product Viewed' then 'view' when 'Product Added' then 'cart'
    when 'Product Removed' then 'remove-from-cart' when 'Product Clicked' then 'click'
    when 'Product List Viewed' then 'impression' else lower(event) end"""
ID = "coalesce(given(item->>'$.product_id'), given(item->>'$.sku'))"
ITEMS = """case when json_array_length(properties->'$.products') > 0 then properties->'$.products'
    when coalesce(properties->>'$.product_id', properties->>'$.sku') is not null then json_array(properties) end"""
LINE = "event || chr(31) || order_id || chr(31) || product_id"
ONCE = f"""case when event = 'purchase' then coalesce({LINE}, "{CALL}")
    when event in ('refund', 'cancelled') then coalesce("{CALL}", {LINE}) end"""

SEGMENT = Format(
    "segment",
    "Segment e-commerce track calls, v2",
    (
        Part(
            "purchases",
            needs=("event", "properties", "timestamp"),
            tells=("userId", "anonymousId"),
            reads=("userId", "anonymousId", "messageId", "context", "type"),
            items=ITEMS,
            nested=("properties", "context"),
            fields={
                "user_id": "given(userid)",
                "visitor_id": "given(anonymousid)",
                "product_id": "case when item is null and event in ('Order Refunded', 'Order Cancelled') "
                f"then '{WHOLE_ORDER}' else {ID} end",
                "time": "timestamp",
                "event": EVENT,
                "order_id": "given(properties->>'$.order_id')",
                "quantity": "given(item->>'$.quantity')",
                "price": "given(item->>'$.price')",
                "currency": "given(properties->>'$.currency')",
                "device": "given(context->>'$.device.type')",
                "campaign": "given(context->>'$.campaign.name')",
                "referrer": "given(context->>'$.campaign.source')",
                CALL: "given(messageid)",
            },
            extras={
                "name": "given(item->>'$.name')",
                "brand": "given(item->>'$.brand')",
                "category": "given(item->>'$.category')",
                "position": "given(item->>'$.position')",
                "coupon": "given(item->>'$.coupon')",
            },
            aside={
                "no track call": "type is not null and lower(type) <> 'track'",
                "event names no product": "item is null and (event is null or event not like 'Order %')",
            },
            once=ONCE,
        ),
        Part(
            "products",
            needs=("event", "properties", "timestamp"),
            tells=("userId", "anonymousId"),
            items=ITEMS,
            nested=("properties",),
            fields={
                "product_id": ID,
                "name": "given(item->>'$.name')",
                "category": "given(item->>'$.category')",
                "brand": "given(item->>'$.brand')",
                "price": "given(item->>'$.price')",
                "image": "given(item->>'$.image_url')",
                "url": "given(item->>'$.url')",
            },
            aside={"event names no product": f"{ID} is null"},
        ),
    ),
)
