"""Fixtures of the reading tests."""

from small_shop import read

__all__ = ["read"]
