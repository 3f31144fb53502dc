"""Google Analytics 4, the export to BigQuery: an event a line, with nested items (JSON lines or Parquet).

Source: https://support.google.com/analytics/answer/7029846 (BigQuery Export schema).
"""

from training.read.formats.part import WHOLE_ORDER, Format, Part

MACROS = """
create or replace macro ga4_param(params, wanted) as list_filter(
    case when json_type(params) = 'ARRAY' then from_json(params, '["JSON"]') end, lambda one: one->>'$.key' = wanted)[1]->'$.value';
create or replace macro ga4_text(params, wanted) as given(coalesce(
    ga4_param(params, wanted)->>'$.string_value', ga4_param(params, wanted)->>'$.int_value'));
"""
EVENT = """case event_name when 'view_item' then 'view' when 'add_to_cart' then 'cart'
    when 'remove_from_cart' then 'remove-from-cart' when 'view_item_list' then 'impression'
    when 'select_item' then 'click' else event_name end"""
ID = "given(item->>'$.item_id')"
ORDER = "coalesce(given(ecommerce->>'$.transaction_id'), ga4_text(event_params, 'transaction_id'))"

GA4 = Format(
    "ga4",
    "Google Analytics 4, BigQuery export",
    (
        Part(
            "purchases",
            needs=("event_name", "event_timestamp", "items"),
            reads=(
                "event_params", "user_id", "user_pseudo_id", "ecommerce", "device", "geo", "traffic_source",
                "collected_traffic_source",
            ),
            items="items",
            nested=("items", "event_params", "ecommerce", "device", "geo", "traffic_source", "collected_traffic_source"),
            macros=MACROS,
            fields={
                "user_id": "given(user_id)",
                "visitor_id": "given(user_pseudo_id)",
                "product_id": f"case when item is null and event_name = 'refund' then '{WHOLE_ORDER}' "
                f"else {ID} end",
                "time": "event_timestamp",
                "event": EVENT,
                "order_id": ORDER,
                "quantity": "given(item->>'$.quantity')",
                "price": "given(item->>'$.price')",
                "currency": "ga4_text(event_params, 'currency')",
                "store_id": "given(item->>'$.location_id')",
                "device": "given(device->>'$.category')",
                "country": "given(geo->>'$.country')",
                "campaign": "coalesce(given(collected_traffic_source->>'$.manual_campaign_name'), "
                "given(traffic_source->>'$.name'))",
                "referrer": "coalesce(given(collected_traffic_source->>'$.manual_source'), "
                "given(traffic_source->>'$.source'))",
            },
            extras={
                "name": "given(item->>'$.item_name')",
                "brand": "given(item->>'$.item_brand')",
                "category": "given(item->>'$.item_category')",
                "carousel": "given(item->>'$.item_list_id')",
                "position": "given(item->>'$.item_list_index')",
                "coupon": "given(item->>'$.coupon')",
            },
            aside={"event names no product": "item is null and event_name not in ('purchase', 'refund')"},
            once="case event when 'purchase' then order_id || chr(31) || product_id "
            "when 'refund' then order_id || chr(31) || product_id || chr(31) || time end",
        ),
        Part(
            "products",
            needs=("event_name", "event_timestamp", "items"),
            items="items",
            nested=("items",),
            fields={
                "product_id": ID,
                "name": "given(item->>'$.item_name')",
                "category": "nullif(concat_ws(' > ', given(item->>'$.item_category'), given(item->>'$.item_category2'), "
                "given(item->>'$.item_category3'), given(item->>'$.item_category4'), given(item->>'$.item_category5')), '')",
                "department": "given(item->>'$.item_category')",
                "brand": "given(item->>'$.item_brand')",
                "price": "given(item->>'$.price')",
            },
            attributes=("department",),
            aside={"event names no product": f"{ID} is null"},
        ),
    ),
)  # fmt: skip
