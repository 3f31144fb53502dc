"""Google Merchant Center feeds: products as TSV, CSV or XML (RSS or Atom, namespace ``g:``), and local inventory.

Source: https://support.google.com/merchants/answer/7052112 (product data specification), …/3061342 (local inventory).
"""

from training.read.formats.part import Format, Part

KEPT = (
    "google_product_category", "condition", "color", "size", "material", "pattern", "gender", "age_group", "gtin",
    "custom_label_0", "custom_label_1", "custom_label_2", "custom_label_3", "custom_label_4",
)  # fmt: skip
MACROS = r"""
create or replace macro zoned(x) as epoch(try_cast(
    regexp_replace(replace(trim(x), ' ', 'T'), '([+-]\d\d):?(\d\d)$', '\1:\2') as timestamptz));
create or replace macro sale_is_on(dates, moment) as blank(dates) or (
    coalesce(zoned(split_part(dates, '/', 1)) <= moment, false) and coalesce(moment < zoned(split_part(dates, '/', 2)), false));
"""
PRICE = "money(case when not blank(sale_price) and sale_is_on(sale_price_effective_date, {now}) then sale_price else price end)"

PRODUCTS = Part(
    "products",
    needs=("id", "title", "price"),
    tells=("image_link", "google_product_category", "product_type", "availability"),
    reads=(
        "description", "link", "image_link", "availability", "availability_date", "sale_price", "sale_price_effective_date",
        "cost_of_goods_sold", "expiration_date", "product_type", "brand", "item_group_id", "is_bundle", *KEPT,
    ),
    macros=MACROS,
    fields={
        "product_id": "id",
        "name": "title",
        "category": "category_path(coalesce(first_of(product_type), google_product_category))",
        "department": "category_top(coalesce(first_of(product_type), google_product_category))",
        "brand": "given(brand)",
        "price": PRICE,
        "list_price": "number_of_text(money(price))",
        "cost": "money(cost_of_goods_sold)",
        "image": "first_of(image_link)",
        "url": "link",
        "available_from": "availability_date",
        "available_until": "expiration_date",
        "parent_id": "given(item_group_id)",
        "availability": "availability_word(availability)",
        **{one: f"given({one})" for one in KEPT},
    },
    attributes=("department", "list_price", "availability", *KEPT),
)  # fmt: skip
STOCK = Part(
    "stock",
    needs=("id",),
    tells=("store_code",),
    reads=("store_code", "quantity", "availability"),
    fields={
        "product_id": "id",
        "store_id": "given(store_code)",
        "quantity": "coalesce(given(quantity), availability_count(availability))",
    },
)
MERCHANT = Format("merchant-feed", "Google Merchant Center feed and local inventory", (PRODUCTS, STOCK))
