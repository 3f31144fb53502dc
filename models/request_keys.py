"""What the keys of a request are called: what describes its situation, and the names that a shop cannot take for a field."""

from pydantic import BaseModel

CONTEXT = ("device", "referrer", "campaign", "country", "weather")
"""Keys of every shop that describe the situation of a request; texts, where a shop does not declare them as numbers."""
OWN = frozenset(
    {
        "user_id", "visitor_id", "product_id", "cart", "recent", "store_id", "store", "at", "size", "offset", "exclude",
        "candidates", "filter", "consent", "explain", "request_id", "carousel",
    }
)  # fmt: skip
"""Keys with a meaning of their own; ``store`` is how tables and rules call the store of a request."""
LONGEST = 256
"""Characters of a text in a request."""


def is_taken(name: str) -> bool:
    """Tell whether a declared field cannot be called ``name``: a key of its own, or a word that forms need themselves."""
    return name in OWN or name.startswith("_") or (name.startswith("model_") and hasattr(BaseModel, name))
