"""What every test shares: a clean environment, and where the cassettes are."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from sandbox_talk import Talk, talking_to

from reinfer_pandas.reader import set_default_client
from reinfer_pandas.sandbox import Latency, Server

# Shared machines are slow at times; a timing is a benchmark's business.
settings.register_profile("shared", deadline=None)
settings.load_profile("shared")


SLOW = {
    "test_benchmarks",
    "test_browser",
    "test_dask",
    "test_dask_cluster",
    "test_encryption",
    "test_export",
    "test_fault_matrix",
    "test_notebooks",
    "test_readme",
    "test_resume",
    "test_threads_and_forks",
    "test_trials",
}
"""Files whose tests are marked `slow` as a whole; the others take less than a minute together."""

MARKS = {"test_browser": "browser", "test_dask_cluster": "cluster"}
"""What else a file's tests are marked as."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests of slow files, and of those that need a browser or worker processes."""
    for item in items:
        if item.path.stem in SLOW:
            item.add_marker("slow")
        if item.path.stem in MARKS:
            item.add_marker(MARKS[item.path.stem])


@pytest.fixture(autouse=True)
def no_settings(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Hide the settings of whoever runs the tests, and forget who signed in."""
    for name in ("REINFER_TOKEN", "REINFER_ENDPOINT"):
        monkeypatch.delenv(name, raising=False)
    yield
    set_default_client(None)


@pytest.fixture(scope="module")
def vcr_cassette_dir(request: pytest.FixtureRequest) -> str:
    """Keep the recordings at the top, one folder for each test module."""
    return str(Path(__file__).parent.parent / "cassettes" / request.path.stem)


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """Serve a tenant to the tests of one module."""
    with Server(comments=1_000, latency=Latency(0)) as running:
        yield running


@pytest.fixture(scope="module")
def talk(server: Server) -> Iterator[Talk]:
    """Talk to that server by a plain HTTP client."""
    with talking_to(server) as line:
        yield line
