"""Formats by name: the shapes that shops already have their data in. A new one is one file and one line here."""

from training.read.formats.algolia import ALGOLIA
from training.read.formats.ga4 import GA4
from training.read.formats.google_retail import GOOGLE_RETAIL
from training.read.formats.merchant import MERCHANT
from training.read.formats.part import Format
from training.read.formats.personalize import PERSONALIZE
from training.read.formats.recombee import RECOMBEE
from training.read.formats.segment import SEGMENT
from training.read.formats.shopify import SHOPIFY_INVENTORY, SHOPIFY_ORDERS, SHOPIFY_PRODUCTS

FORMATS: dict[str, Format] = {
    one.name: one
    for one in (
        GA4, GOOGLE_RETAIL, MERCHANT, SEGMENT, SHOPIFY_ORDERS, SHOPIFY_PRODUCTS, SHOPIFY_INVENTORY, PERSONALIZE,
        ALGOLIA, RECOMBEE,
    )
}  # fmt: skip
