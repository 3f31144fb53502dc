"""Merchandising rules: a YAML file to what a carousel shows. Pure: no Flask, no clock, no disk.

READ FIRST: ``schema`` (what a file says), ``match`` (step 1: which rules hold), ``arrange`` (steps 2 to 11, in order).
"""
