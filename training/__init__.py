"""The offline pipeline: raw files in, a trained artifact out."""

import os

# Before any library with its own threads is loaded: threads that wait let a service on the same cores work, and each
# other; turning idly they would take many times as long where cores are shared.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
