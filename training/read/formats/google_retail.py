"""Google Retail (Vertex AI Search for commerce): user events and products as camelCase JSON lines.

Source: https://cloud.google.com/retail/docs/reference/rest/v2/projects.locations.catalogs.userEvents, and …/Product.
"""

from training.read.formats.part import Format, Part

EVENT = """case eventtype when 'purchase-complete' then 'purchase' when 'add-to-cart' then 'cart'
    when 'detail-page-view' then 'view' else eventtype end"""
PRODUCT = "coalesce(given(item->>'$.product.id'), given(regexp_extract(item->>'$.product.name', '[^/]+$')))"
ID = "coalesce(given(id), given(regexp_extract(name, '[^/]+$')))"

EVENTS = Part(
    "purchases",
    needs=("eventType", "visitorId"),
    reads=("eventTime", "productDetails", "userInfo", "sessionId", "purchaseTransaction", "attributionToken"),
    items="productdetails",
    nested=("productdetails", "userinfo", "purchasetransaction"),
    fields={
        "user_id": "given(userinfo->>'$.userId')",
        "visitor_id": "given(visitorid)",
        "session_id": "given(sessionid)",
        "product_id": PRODUCT,
        "time": "eventtime",
        "event": EVENT,
        "order_id": "given(purchasetransaction->>'$.id')",
        "quantity": "coalesce(item->>'$.quantity.value', item->>'$.quantity')",
        "price": "item->>'$.product.priceInfo.price'",
        "currency": "given(purchasetransaction->>'$.currencyCode')",
    },
    extras={"attribution_token": "given(attributiontoken)"},
    aside={"event names no product": "item is null and eventtype <> 'purchase-complete'"},
    once="case when event = 'purchase' then order_id || chr(31) || product_id end",
)
PRODUCTS = Part(
    "products",
    needs=("id", "title"),
    tells=("categories", "priceInfo", "primaryProductId"),
    reads=(
        "name", "type", "primaryProductId", "categories", "brands", "priceInfo", "images", "uri", "tags", "availableTime",
        "expireTime", "availability", "gtin", "rating",
    ),
    nested=("categories", "brands", "priceinfo", "images", "tags", "rating"),
    fields={
        "product_id": ID,
        "name": "title",
        "category": "category_path(categories->>'$[0]')",
        "department": "category_top(categories->>'$[0]')",
        "brand": "given(brands->>'$[0]')",
        "price": "priceinfo->>'$.price'",
        "cost": "priceinfo->>'$.cost'",
        "list_price": "priceinfo->>'$.originalPrice'",
        "tags": "json_words(tags)",
        "image": "images->>'$[0].uri'",
        "url": "uri",
        "available_from": "availabletime",
        "available_until": "expiretime",
        "parent_id": f"nullif(given(primaryproductid), {ID})",
        "availability": "availability_word(availability)",
        "rating": "rating->>'$.averageRating'",
    },
    attributes=("department", "list_price", "availability", "rating"),
    aside={"a collection is no product": "upper(type) = 'COLLECTION'"},
)  # fmt: skip
STOCK = Part(
    "stock",
    needs=("id", "availability"),
    tells=("availableQuantity",),
    reads=("name", "availableQuantity"),
    fields={
        "product_id": ID,
        "quantity": "coalesce(availablequantity, availability_count(availability))",
    },
)
GOOGLE_RETAIL = Format("google-retail", "Google Retail user events and products", (EVENTS, PRODUCTS, STOCK))
