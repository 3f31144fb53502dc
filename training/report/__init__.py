"""One HTML file about a trained version: READ FIRST ``make.py``."""
