"""A process whose first reads are in many threads at once."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from reinfer_pandas.sandbox import Server

FIRST_READS = """
import sys
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import reinfer_pandas as rp

sys.setswitchinterval(1e-6)
barrier = Barrier(8)


def read(number):
    with rp.Client(workers=1) as client:
        barrier.wait()
        return len(client.read("datasets/acme/claims/comments", limit=5))


with ThreadPoolExecutor(8) as pool:
    print(sum(pool.map(read, range(8))))
"""


@pytest.mark.parametrize("number", range(2))
def test_first_reads_in_many_threads_learn_the_records_one_after_the_other(
    server: Server, number: int
) -> None:
    settings = {"REINFER_ENDPOINT": server.endpoint, "REINFER_TOKEN": server.token}
    done = subprocess.run(
        [sys.executable, "-X", "faulthandler", "-c", FIRST_READS],
        env={**os.environ, **settings},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["40"]
