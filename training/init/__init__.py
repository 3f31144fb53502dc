"""``recsvc-train init``: from files that nobody has told of to a ``shop.toml``. Read ``propose.py`` first."""
