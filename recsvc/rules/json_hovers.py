"""What an editor shows when the pointer rests on a key of a rules file."""

from collections.abc import Mapping

from recsvc.rules.shop_facts import BUILT_IN_FIELDS

HELP: Mapping[str, str] = {
    "version": "Always 1.",
    "timezone": "The zone of every date and clock in this file, such as Europe/London. Default: the shop's.",
    "calendar": "Windows with a name, to be used again.",
    "segments": "Who a rule is for: worked out at each request, from purchases up to that moment.",
    "experiments": "Experiments on rules: shoppers are drawn into arms.",
    "expect_rules": "How many rules the file must have: one that was cut off is a fault.",
    "rules": "The rules; their order plays no part but for two pins that are equal in everything else.",
    "expect": "What carousels must look like: run with `recsvc rules test`.",
    "id": "A short name of its own: answers and logs show it.",
    "why": "Why the rule is there, and who owns it.",
    "do": "hide: never shown. keep: only these. boost, bury: the score times a factor. limit: at most so many. pin: at a position.",
    "enabled": "false switches the rule off.",
    "priority": "Default 100; of two pins for one position the higher wins.",
    "arms": "A list, or a weight for each: {a: 1, b: 3}. In a rule: the arms that it holds for.",
    "salt": "Another salt draws the arms anew.",
    "layer": "Experiments of one layer, those of shop.toml too, have no shopper in common.",
    "share": "Share of the layer's shoppers who take part; the others are in no arm. Default: 1.",
    "experiment": "Only for shoppers in these arms of an experiment.",
    "carousels": "Where the rule holds. Default: everywhere.",
    "when": "All of these must hold; a list holds where one of its values does.",
    "unless": "The rule does not hold where all of these do.",
    "product": "One product id. Quotes keep leading zeros in every editor.",
    "products": "Product ids.",
    "where": "A condition on products, such as category == 'wine' and price <= 15.",
    "everywhere": "true: in every carousel and batch file, and nothing can lift it.",
    "min_results": "If fewer would survive, this keep is skipped and says so.",
    "factor": "boost: above 1, at most 10. bury: between 0 and 1.",
    "per": "An attribute: at most max products of each of its values.",
    "max": "How many may be shown.",
    "strict": "true: rather a short list than one over the limit.",
    "position": "1 is the first.",
    "positions": "One for each product, in their order; or as many as matches shall be pinned.",
    "instead": "Product ids that stand in, tried in order.",
    "even_if": "Pin it although it is purchased, in_cart or out_of_stock.",
    "segment": "The shopper is in one of these segments.",
    "active": "A window: a name of the calendar, {from, until}, or a list of these.",
    "weekly": "Hours of the week: {days: [fri, sat], from: \"18:00\", until: \"02:00\"}.",
    "page_item": "The page's product: a condition, or {product}, {products}, {where}.",
    "cart_item": "A product in the cart: a condition, or {product}, {products}, {where}.",
    "given": "The request: carousel, user, page_item, at, store, device and so on.",
    "first": "The product at position 1.",
    "shows": "Products that must be there.",
    "hides": "Products that must not be there.",
    "pinned_by": "Product: the rule that must pin it.",
    "short": "Whether fewer products than asked for must be there.",
    "name": "What this is called: in an experiment of a rule the experiment, in an expectation what the report says.",
    "from": "The first moment: \"2026-10-31\" or \"2026-10-31 09:00\". Left out: always before.",
    "until": "The end, itself left out; a date alone counts to the end of that day. Left out: for ever.",
    "at_least": "This many or more.",
    "at_most": "This many or fewer.",
    "within_days": "Only the last so many days count.",
    "during": "Only this window counts: a name of the calendar, or {from, until}.",
    "for_days": "So many days without a purchase.",
    "bought": "Orders that hold such a product: {where, at_least, within_days or during}. Without where or products: any.",
    "orders": "How many orders: {at_least, at_most, within_days or during}.",
    "spend": "Money spent: {at_least, at_most, within_days or during}.",
    "average_order": "Money spent an order: {at_least, at_most, within_days or during}.",
    "first_order": "When the first order that is known came: {within_days} or {during}.",
    "inactive": "Has bought before, and not in the last {for_days}.",
    "viewed": "Products looked at, live: {where, at_least}.",
    "attribute": "A condition on what is known of the shopper, such as tier in ['gold', 'vip'].",
    "list": "A file of user or visitor ids, one a line, such as vip.csv.",
    "all": "Every one of these holds: names of segments, or tests.",
    "any": "One of these holds: names of segments, or tests.",
    "none": "Not one of these holds: names of segments, or tests.",
    "days": "Local days of the week, such as [sat, sun]. Left out: every day.",
    "store": "The store of the request: its id, a list of ids, or known.",
    "device": "The device of the request, such as mobile, a list of these, or known.",
    "referrer": "Where the shopper came from, a list of these, or known.",
    "campaign": "The coupon or e-mail campaign that brought the shopper, a list of these, or known.",
    "country": "The country of the request, a list of these, or known.",
    "weather": "The weather of the request, such as rain, a list of these, or known.",
    "carousel": "The carousel that is asked for.",
    "user": "The id of a shopper who is known.",
    "visitor": "The id of a visitor who has not signed in.",
    "cart": "Product ids in the cart.",
    "recent": "Product ids looked at, the oldest first.",
    "at": "The moment: \"2026-10-31 09:00\". Left out: the shop's clock.",
    "size": "How many products are asked for, 1 to 100. Left out: as many as the carousel shows.",
}  # fmt: skip
"""Sentence by key, wherever it stands."""

OF_WEEK: Mapping[str, str] = {
    "from": 'A time of day, "18:00". Left out: midnight.',
    "until": "A time of day, itself left out; one before from is on the next day. Left out: the end of the day.",
}
"""Where a key means something else, inside of ``weekly``."""

OF_EXPECTATION: Mapping[str, str] = {
    "positions": "Position: the product that must stand there.",
    "name": "What the report calls this expectation.",
}
"""The same of an expectation."""

OF_GIVEN: Mapping[str, str] = {"page_item": "The id of the product whose page it is."}
"""The same of its request."""


def of_field(name: str) -> str:
    """Return the sentence of a field of the request, of those too that the shop declares itself."""
    told = f"The request's {name}: a value, a list of values, a range of numbers, or known."
    return HELP[name] if name in BUILT_IN_FIELDS else told
