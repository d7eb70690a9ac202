"""Ways to read comments from an endpoint: ours, and the loops that users write today."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import orjson
import pandas as pd
import requests
from page_server import TOKEN
from tape import KINDS, PAGE_SIZE

import reinfer_pandas as rp

SOURCE = KINDS["source"]
Way = Callable[[str], pd.DataFrame]


def ours(endpoint: str, *, workers: int = 4, **options: Any) -> pd.DataFrame:
    """Read with this package."""
    with rp.Client(endpoint, TOKEN, workers=workers) as client:
        return client.read(SOURCE.resource, progress=False, **options)


def ours_in_chunks(endpoint: str, **options: Any) -> pd.DataFrame:
    """Read in frames of so many rows, each let go of when the next one comes."""
    for df in ours(endpoint, chunksize=10_000, **options):
        last = df
    return last


def loop(
    endpoint: str, loads: Callable[[bytes], Any] = json.loads, *, limit: int | None = None
) -> pd.DataFrame:
    """Read page after page, as users do: a frame for each page, and one of all in the end."""
    session = requests.Session()
    session.headers["Authorization"] = f"Bearer {TOKEN}"
    params: dict[str, Any] = {"limit": PAGE_SIZE}
    frames: list[pd.DataFrame] = []
    while True:
        answer = session.get(endpoint + SOURCE.path, params=params, timeout=60)
        answer.raise_for_status()
        page = loads(answer.content)
        frames.append(pd.json_normalize(page["comments"]))
        params["after"] = page.get("continuation")
        if not params["after"] or (limit and sum(map(len, frames)) >= limit):
            return pd.concat(frames, ignore_index=True)


LOOP, ORJSON_LOOP = "requests + json_normalize", "requests + orjson + json_normalize"
CHUNKS = "ours, chunksize=10,000"
LOOPS: Mapping[str, Way] = {LOOP: loop, ORJSON_LOOP: partial(loop, loads=orjson.loads)}
