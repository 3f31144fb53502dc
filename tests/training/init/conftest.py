"""Fixtures of the tests of ``init``."""

from asked_init import init

__all__ = ["init"]
