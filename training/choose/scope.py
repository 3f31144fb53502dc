"""What blends are chosen and tuned by, and which sources may be in them."""

TASKS_OF = {
    "for-you": ("next-order", "first-order"),
    "you-may-also-like": ("discovery", "session"),
    "bought-together": ("complements", "completing"),
}
"""Carousel -> the tasks that its blend is chosen by."""
SOURCES_OF = {
    "for-you": (
        "buy-again", "store-popularity", "popularity", "als", "ease", "kinds", "user-neighbours", "newcomers", "trending",
    ),
    "you-may-also-like": (
        "ease", "als", "similar", "words", "vectors", "bought-together", "store-popularity", "popularity", "user-neighbours",
        "item-neighbours", "next-in-session", "kinds", "newcomers", "trending",
    ),
    "bought-together": (
        "bought-together", "buy-again", "store-popularity", "popularity", "item-neighbours", "ease", "kinds",
        "category-popularity", "next-in-session",
    ),
}  # fmt: skip
"""Carousel -> sources that may come into its blend."""
