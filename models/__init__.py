"""Shared nouns, models and the artifact: imported by ``training`` and ``recsvc``, imports neither."""
