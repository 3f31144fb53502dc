"""The long search for a shop's settings: READ FIRST ``tune.py``."""
