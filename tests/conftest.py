"""What every test shares: a clean environment, and where the cassettes are."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from reinfer_pandas.reader import set_default_client

# Shared machines are slow at times; a timing is a benchmark's business.
settings.register_profile("shared", deadline=None)
settings.load_profile("shared")


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
