"""Fixtures of the engines' tests."""

from both_engines import read_both, spark

__all__ = ["read_both", "spark"]
