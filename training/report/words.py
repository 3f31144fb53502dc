"""What the features of a ranker are, for people who read a report."""

import re

LEVELS = {
    "product": "the product",
    "kind": "its kind (the finest group of the catalogue)",
    "category": "its category",
    "make": "its kind and brand",
    "brand": "its brand",
}
OF_LEVEL = {
    "rate20": "share of the shopper's orders with {0}; an order counts half after 20 days",
    "rate80": "share of the shopper's orders with {0}; an order counts half after 80 days",
    "rate300": "share of the shopper's orders with {0}; an order counts half after 300 days",
    "orders": "the shopper's orders with {0}",
    "since": "days since the shopper last bought {0}",
    "cycle": "days since the shopper last bought {0}, over the shopper's usual days between",
    "due": "share of the shopper's orders with {0}",
}
WORDS = {
    "product.due": "days since the shopper last bought the product, over everybody's usual days between",
    "share_since_first": "share of the shopper's orders with the product, from the first of these on",
    "in_last": "whether the product was in the shopper's last order",
    "in_last3": "the shopper's last three orders with the product",
    "quantity": "pieces that the shopper usually takes (logarithm)",
    "here": "share of the shopper's orders with the product that were in this store",
    "of_kind": "the product's part of what the shopper buys of its kind",
    "price_to_own": "price against what the shopper usually pays within its kind",
    "user_orders": "the shopper's orders (logarithm)",
    "user_since": "days since the shopper's last order",
    "user_size": "lines of the shopper's usual order",
    "user_gap": "the shopper's usual days between two orders",
    "user_here": "share of the shopper's orders in this store",
    "log_price": "price (logarithm)",
    "price_now": "price lately against the usual one",
    "price_to_page": "price against that of the page's product",
    "same_kind": "whether it is of the same kind as the page's product",
    "same_category": "whether it is of the same category as the page's product",
    "buyers": "shoppers who ever bought it (logarithm)",
    "again": "orders by each shopper who bought it",
    "newcomers30": "share of all first purchases in the last 30 days",
    "newcomers90": "share of all first purchases in the last 90 days",
    "gap": "everybody's usual days between two purchases of the product",
    "rise": "share of the orders lately against before",
    "store10": "share of this store's orders; an order counts half after 10 days",
    "store45": "share of this store's orders; an order counts half after 45 days",
    "store_since": "days since this store last sold it",
    "store_lift": "share of this store's orders against that of all stores",
    "page_lift": "how much more often it is bought with the page's product than by chance",
    "people_lift": "how much more often it is bought by people like the shopper (attributes) than by all",
    "need": "how often the shopper buys its kind, times its part of that kind",
    "need_here": "the same, times what this store sells of it against all stores",
    "als": "score of ALS (shoppers with like purchases)",
    "ease": "score of EASE (products that go with the shopper's)",
    "user-neighbours": "score of the shoppers who are most alike",
    "store-popularity": "score of what sells in this store",
    "bought-together": "score of what is bought with the page, the cart or the shopper's last purchases",
    "similar": "score of likeness to the page's product or the shopper's",
}
PATTERNS = (
    (r"share(\d+)", "share of all orders in the last {0} days"),
    (r"kind_part(\d+)", "its part of what sold of its kind in the last {0} days"),
    (r"lift\.(.+)", "how much more often it is bought at such a {0} than usual"),
    (r"([^.]+)\.(.+)", "{1}, as the context table {0} says it"),
)


def described(feature: str) -> str:
    """Return what a feature is, in words; empty for one that nothing is known of."""
    if feature in WORDS:
        return WORDS[feature]
    level, _, part = feature.partition(".")
    if level in LEVELS and part in OF_LEVEL:
        return OF_LEVEL[part].format(LEVELS[level])
    for pattern, words in PATTERNS:
        if found := re.fullmatch(pattern, feature):
            return words.format(*found.groups())
    return ""
