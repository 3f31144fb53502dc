"""The store: what shoppers do, who they are, what they allow, and what changed in the catalogue since the last training.

One SQL layer over two databases: an SQLite file by default, PostgreSQL by URL where several machines serve. It knows no
Flask. READ FIRST: ``tables.py``, then ``database.py``.
"""
