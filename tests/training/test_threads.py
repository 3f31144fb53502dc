"""The number of threads that training computes with."""

import json
import os
import subprocess
import sys

import pytest

CODE = """
import json
from threadpoolctl import threadpool_info
from training.threads import limited
with limited(2):
    import numpy, scipy.linalg
    print(json.dumps([one["num_threads"] for one in threadpool_info() if one["user_api"] == "blas"]))
"""


@pytest.mark.parametrize("found", ["1", "3"])
def test_every_blas_has_the_threads_that_are_set_and_not_those_that_are_found(found: str) -> None:
    """In a fresh process, whatever the environment says, and although SciPy's is loaded later than the limit is set."""
    told = os.environ | {"OMP_NUM_THREADS": found, "OPENBLAS_NUM_THREADS": found}
    done = subprocess.run([sys.executable, "-c", CODE], env=told, capture_output=True, text=True, check=True)
    counts = json.loads(done.stdout)
    assert len(counts) >= 2 and set(counts) == {2}
