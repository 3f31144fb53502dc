"""Shopify's CSV exports: orders (a row a line item), products (a row a variant or a further image), inventory.

Source: https://help.shopify.com/en/manual/fulfillment/managing-orders/exporting-orders, …/products/import-export.
"""

from training.read.formats.part import WHOLE_ORDER, Format, Part

EMAIL = "lower(trim(coalesce(max(nullif(trim(email), '')) over one, max(nullif(trim(phone), '')) over one)))"
FILLED = f"""* exclude (name, email, created_at, cancelled_at, financial_status, currency),
    order_name as name, {EMAIL} as email, max(created_at) over one as created_at, max(currency) over one as currency,
    max(nullif(trim(cancelled_at), '')) over one as cancelled_at,
    max(nullif(trim(financial_status), '')) over one as financial_status
    from (select *, last_value(nullif(trim(name), '') ignore nulls) over (order by "#row") as order_name from {{file}})
    window one as (partition by order_name)"""
VOID = "(not blank(cancelled_at) or lower(financial_status) in ('refunded', 'voided'))"
TITLE = """title || case when blank(option1_value) or option1_value = 'Default Title' then '' else ' - '
    || concat_ws(' / ', given(option1_value), given(option2_value), given(option3_value)) end"""
PRODUCT = f"coalesce(given(ltrim(variant_sku, '''')), {TITLE})"
HANDLED = """* exclude (title, vendor, type, tags, product_category, image_src),
    max(nullif(trim(title), '')) over one as title, max(nullif(trim(vendor), '')) over one as vendor,
    max(nullif(trim(type), '')) over one as type, max(nullif(trim(tags), '')) over one as tags,
    max(nullif(trim(product_category), '')) over one as product_category,
    first_value(nullif(trim(image_src), '') ignore nulls) over (partition by handle order by "#row"
        rows between unbounded preceding and unbounded following) as image_src
    from {file} window one as (partition by handle)"""

SHOPIFY_ORDERS = Format(
    "shopify-orders",
    "Shopify orders CSV",
    (
        Part(
            "purchases",
            needs=("Name", "Lineitem name", "Lineitem quantity", "Created at"),
            reads=(
                "Email", "Phone", "Financial Status", "Cancelled at", "Currency", "Lineitem sku", "Lineitem price",
                "Lineitem discount", "Source", "Billing Country", "Location",
            ),
            filled=FILLED,
            salted=True,
            fields={
                "user_id": "'e' || left(sha256({salt} || email), 32)",
                "product_id": f"case when {VOID} then '{WHOLE_ORDER}' "
                "else coalesce(given(lineitem_sku), given(lineitem_name)) end",
                "time": "created_at",
                "event": f"case when {VOID} then 'cancelled' else 'purchase' end",
                "order_id": "name",
                "quantity": "lineitem_quantity",
                "price": "number_of_text(lineitem_price) - coalesce(number_of_text(lineitem_discount), 0) "
                "/ nullif(number_of_text(lineitem_quantity), 0)",
                "currency": "currency",
                "store_id": "given(location)",
            },
            extras={"name": "lineitem_name", "source": "source"},
            once="order_id",
            copy="file",
        ),
    ),
)  # fmt: skip
SHOPIFY_PRODUCTS = Format(
    "shopify-products",
    "Shopify products CSV",
    (
        Part(
            "products",
            needs=("Handle", "Title", "Variant SKU"),
            reads=(
                "Vendor", "Type", "Tags", "Product Category", "Option1 Value", "Option2 Value", "Option3 Value",
                "Variant Price", "Variant Compare At Price", "Cost per item", "Image Src", "Status", "Published",
            ),
            filled=HANDLED,
            fields={
                "product_id": PRODUCT,
                "name": TITLE,
                "category": "coalesce(given(type), category_path(product_category))",
                "brand": "given(vendor)",
                "price": "variant_price",
                "list_price": "variant_compare_at_price",
                "cost": "cost_per_item",
                "tags": "array_to_string(list_transform(string_split(tags, ','), lambda one: trim(one)), '|')",
                "image": "image_src",
                "parent_id": "handle",
            },
            attributes=("list_price",),
            aside={
                "further image of its product": "blank(variant_sku) and blank(variant_price) and blank(option1_value)",
                "product is a draft, or archived": "lower(status) in ('draft', 'archived')",
            },
        ),
    ),
)  # fmt: skip
SHOPIFY_INVENTORY = Format(
    "shopify-inventory",
    "Shopify inventory CSV",
    (
        Part(
            "stock",
            needs=("Handle", "Title", "Location"),
            reads=(
                "SKU", "Option1 Value", "Option2 Value", "Option3 Value", "Available", "Available (not editable)",
                "On hand", "On hand (current)",
            ),
            fields={
                "product_id": f"coalesce(given(ltrim(sku, '''')), {TITLE})",
                "store_id": "location",
                "quantity": "coalesce(given(available), given(available_not_editable), given(on_hand), "
                "given(on_hand_current))",
            },
            aside={
                "not stocked there": "lower(trim(coalesce(given(available), given(available_not_editable), "
                "given(on_hand), given(on_hand_current)))) = 'not stocked'"
            },
        ),
    ),
)  # fmt: skip
