"""What changed in the catalogue since the training, laid over the trained version: products, prices, stock.

Pure: no Flask, no clock, no disk. READ FIRST: ``told.py``, then ``apply.py``.
"""
