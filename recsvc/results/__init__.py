"""Results: what shoppers did after they were shown carousels, by experiment and arm or by carousel.

READ FIRST: ``report.py``, then ``attribution.py``. It knows no Flask.
"""
