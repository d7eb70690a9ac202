"""Every fault, at the first page, one in the middle and the last, in every kind of read."""

from __future__ import annotations

import pytest
from fault_matrix import BLOCK, CASES, CLAIMS, README, Case, outcomes, table

import reinfer_pandas as rp
from reinfer_pandas.sandbox import Latency, Server

pytestmark = pytest.mark.timeout(60)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_fault_that_comes_once_ends_as_the_policy_says(case: Case) -> None:
    for mode in case.modes:
        assert outcomes(case, mode, times=1) == {case.once}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_fault_that_never_ends_is_an_error_with_what_had_arrived(case: Case) -> None:
    for mode in case.modes:
        assert outcomes(case, mode, times=None) == {case.ever}


def test_a_server_that_is_gone_and_comes_back_lets_the_read_go_on() -> None:
    with Server(comments=120, latency=Latency(0)) as server:
        once = rp.RetryPolicy(attempts=1)
        with rp.Client(server.endpoint, server.token, retry=once, workers=1) as client:
            whole = client.read(CLAIMS)
            chunks = client.read(CLAIMS, page_size=3, chunksize=3)  # few pages are read ahead
            came = [next(chunks)]
            port = int(server.endpoint.split(":")[2].partition("/")[0])
            server.close()
            client.close()
            with pytest.raises(rp.NetworkError) as failed:
                came.extend(chunks)
            assert failed.value.reason in ("refused", "reset", "closed")
            with Server(comments=120, latency=Latency(0), port=port, token=server.token):
                came.extend(failed.value.resume())
    assert [uid for df in came for uid in df["uid"]] == whole["uid"].tolist()


def test_the_readme_tells_what_becomes_of_each_fault() -> None:
    (found,) = BLOCK.findall(README.read_text())
    assert found == table(), "python tests/fault_matrix.py writes it"
