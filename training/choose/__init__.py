"""Which blends and settings suit this shop: tried on its own past, before anything is judged."""
