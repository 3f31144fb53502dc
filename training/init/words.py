"""What columns and files are usually called, by what they are to us; the first words are the surest."""

import re

PURCHASE_WORDS: dict[str, tuple[str, ...]] = {
    "user_id": (
        "user_id", "customer_unique_id", "customer_id", "user", "customer", "client_id", "household_id", "household_key", "shopper_id", "member_id",
        "buyer_id", "account_id", "customer_no", "customer_number", "client", "member", "shopper", "buyer", "uid",
        "kunde", "kunden_id", "kundennr", "kundennummer", "id_client", "cliente", "reviewer_id", "cust_id", "loyalty_id",
        "account", "customer_email", "email",
    ),
    "visitor_id": ("visitor_id", "anonymous_id", "visitor", "user_pseudo_id", "cookie_id", "device_id"),
    "session_id": ("session_id", "session", "visit_id", "visit", "sid", "user_session"),
    "product_id": (
        "product_id", "item_id", "sku", "stock_code", "product", "item", "article_id", "article", "article_no", "asin",
        "movie_id", "book_id", "track_id", "song_id", "artist_id", "app_id", "game_id",
        "recipe_id", "venue_id", "business_id", "upc", "ean", "gtin", "isbn", "product_code", "item_code",
        "product_no", "prod_id", "material", "artikel", "artikelnr", "artikelnummer", "aid", "iid", "product_sku", "object_id",
    ),
    "order_id": (
        "order_id", "invoice_no", "invoice", "basket_id", "transaction_id", "invoice_id", "receipt_id", "order_no", "order_nr",
        "order", "bill_no", "receipt_no", "ticket_id", "basket", "transaction", "order_name", "bestellnr", "bestellnummer",
        "rechnung", "rechnungsnr", "invoice_number", "txn_id", "document_id", "doc_id",
    ),
    "time": (
        "time", "timestamp", "event_time", "invoice_date", "order_date", "purchase_date", "transaction_date", "datetime",
        "date", "created_at", "ordered_at", "sold_at", "purchased_at", "order_time", "purchase_time", "transaction_time",
        "transaction_timestamp", "date_time", "ts", "t_dat", "day", "datum", "zeit", "bestelldatum", "unix_review_time",
        "review_time", "sale_date", "timestamps", "event_timestamp", "event_date", "click_time", "view_time", "visit_time",
        "order_purchase_timestamp", "purchase_timestamp", "order_timestamp", "order_datetime", "transaction_dt", "trans_date",
        "created",
    ),
    "event": ("event", "event_type", "behavior", "behaviour", "action", "action_type", "event_name", "interaction"),
    "quantity": (
        "quantity", "qty", "pieces", "units", "amount", "count", "cnt", "menge", "anzahl", "stueck",
        "sales_quantity", "item_quantity",
    ),
    "price": (
        "price", "unit_price", "item_price", "sale_price", "price_per_unit", "preis", "einzelpreis",
        "stueckpreis", "selling_price",
    ),
    "total": (
        "total", "line_total", "sales_value", "total_price", "total_sales", "line_value", "revenue", "umsatz",
        "gesamtpreis", "betrag",
    ),
    "currency": ("currency", "currency_code", "waehrung"),
    "store_id": ("store_id", "store", "shop_id", "branch_id", "store_code", "branch", "outlet_id", "filiale"),
    "line_id": ("line_id", "order_line_id", "line_item_id", "event_id", "message_id"),
    "country": ("country", "country_code", "land", "billing_country", "shipping_country"),
    "device": ("device", "device_type", "device_category"),
    "referrer": ("referrer", "referer", "traffic_source"),
    "campaign": ("campaign", "utm_campaign"),
    "weather": ("weather",),
    "order_number": ("order_number", "order_seq", "order_sequence", "basket_number"),
    "rating": ("rating", "score", "stars", "overall"),
}  # fmt: skip
PRODUCT_WORDS: dict[str, tuple[str, ...]] = {
    "product_id": (*PURCHASE_WORDS["product_id"], "id", "handle", "code"),
    "name": (
        "name", "title", "product_name", "item_name", "description", "product_title", "bezeichnung",
        "item_description", "product_description", "movie_title", "artikelbezeichnung", "prod_name", "article_name",
        "artikelname", "produktname",
    ),
    "category": (
        "category", "product_category", "category_name", "category_path", "product_type", "department", "genre",
        "genres", "kategorie", "warengruppe", "category_code", "category_id", "aisle", "aisle_id", "product_group", "department_id",
        "product_category_name", "product_type_name", "product_group_name", "product_subclass", "sub_category", "subcategory",
    ),
    "brand": ("brand", "manufacturer", "vendor", "brand_name", "marke", "maker"),
    "price": PURCHASE_WORDS["price"],
    "cost": ("cost", "cost_price", "unit_cost", "cost_per_item", "purchase_price", "einkaufspreis"),
    "tags": ("tags", "labels", "keywords"),
    "image": ("image", "image_url", "image_link", "img", "picture"),
    "url": ("url", "link", "product_url"),
    "available_from": ("available_from", "release_date", "launch_date", "created_at"),
    "available_until": ("available_until", "expires_at", "discontinued_at"),
    "parent_id": ("parent_id", "variant_of", "parent_sku", "item_group_id", "master_id"),
}  # fmt: skip
USER_WORDS: dict[str, tuple[str, ...]] = {
    "user_id": (*PURCHASE_WORDS["user_id"], "id"),
    "tier": ("tier", "membership", "level", "loyalty_tier"),
    "country": PURCHASE_WORDS["country"],
    "consent": ("consent",),
}
STOCK_WORDS: dict[str, tuple[str, ...]] = {
    "product_id": PRODUCT_WORDS["product_id"],
    "store_id": (*PURCHASE_WORDS["store_id"], "location", "location_id", "warehouse"),
    "quantity": (
        "quantity", "stock", "on_hand", "available", "qty", "inventory", "in_stock", "stock_level", "stock_quantity",
        "inventory_quantity", "bestand", "units",
    ),
}  # fmt: skip
STORE_WORDS: dict[str, tuple[str, ...]] = {"store_id": (*PURCHASE_WORDS["store_id"], "id")}
WORDS = {
    "purchases": PURCHASE_WORDS, "products": PRODUCT_WORDS, "users": USER_WORDS, "stock": STOCK_WORDS, "stores": STORE_WORDS,
}  # fmt: skip
WEAK = (
    "email", "customer_email", "id", "code", "day", "count", "amount", "description", "units", "handle", "material", "score", "material",
)  # fmt: skip
"""Words that count only where no other column fits."""
FILE_WORDS = {
    "products": ("product", "item", "catalog", "article", "artikel", "movie", "book", "sku", "feed"),
    "users": ("user", "customer", "client", "household", "member", "shopper", "kunde", "demographic"),
    "stock": ("stock", "inventory", "bestand", "availability"),
    "stores": ("store", "branch", "location", "filiale", "outlet"),
}
MOMENT = ("purchase", "order", "transaction", "invoice", "created", "sold", "bought", "paid", "date", "time", "day")
"""Words within the name of a column that tells when, the surest first."""
STATUS = ("status", "order_status", "payment_status", "financial_status", "state_of_order", "transaction_status")
UNDONE = (
    "canceled",
    "cancelled",
    "cancel",
    "refunded",
    "returned",
    "voided",
    "void",
    "unavailable",
    "failed",
    "declined",
    "storniert",
)
"""What a status says of an order that came to nothing."""
SITUATIONS = (
    "daytime", "day_time", "time_of_day", "weekday", "isweekend", "is_weekend", "weekend", "season", "city", "region", "place",
    "homework", "location", "cost", "companion", "mood", "social", "temperature", "holiday", "channel", "platform", "os", "browser",
    "day_type", "day_of_week", "dow", "order_dow", "hour", "hour_of_day", "order_hour_of_day", "order_hour",
)  # fmt: skip
"""Columns that describe the moment of a purchase."""


_KNOWN = {
    word for table in WORDS.values() for words in table.values() for word in words
} | set(SITUATIONS)  # fmt: skip
_KEYS = {word for our in ("user_id", "product_id", "order_id", "store_id") for word in PURCHASE_WORDS[our]}
ENDS = ("number", "num", "no", "nr", "ref", "reference", "key", "code", "id")
"""What names of keys end with."""
_IN_ONE = {word.replace("_", ""): word for word in sorted(_KNOWN, reverse=True)}


def plain(column: str) -> str:
    """Return a column's name in small words joined by ``_``: ``InvoiceNo``, ``Invoice No.`` and ``invoiceno`` are ``invoice_no``."""
    text = re.sub(r":(token|float|token_seq|float_seq)$", "", column)
    text = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", text)
    text = re.sub(r"[^a-z0-9]+", "_", text.lower().replace("ü", "ue").replace("ä", "ae").replace("ö", "oe")).strip("_")
    return text if text in _KNOWN else _IN_ONE.get(text.replace("_", ""), text)


def says_something(text: str) -> bool:
    """Tell whether a plain name is one of those that are known, but for a few that may mean anything."""
    return (text in _KNOWN and text not in WEAK) or text in STATUS or key_word(text) is not None


def key_word(text: str) -> str | None:
    """Return the usual word for a key of a plain name that is none: ``client_no`` is ``client_id``; None: it is no key."""
    stem = re.sub(f"_?({'|'.join(ENDS)})$", "", text)
    if stem == text or text in _KNOWN:
        return None
    return next((one for end in ("id", "code", "no") if (one := f"{stem}_{end}") in _KEYS), None)
