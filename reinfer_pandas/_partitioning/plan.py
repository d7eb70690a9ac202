"""How a read is parted: what was asked for, checked, and the bounds of its partitions."""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from reinfer_pandas._exporting.pieces import MILLISECOND
from reinfer_pandas._partitioning.columns import OTHER
from reinfer_pandas._partitioning.cuts import even_cuts, row_cuts
from reinfer_pandas._partitioning.extent import Extent
from reinfer_pandas._planning.checks import OPTIONS
from reinfer_pandas._planning.options import plan_read
from reinfer_pandas.exceptions import ConfigurationError, PermissionDeniedError

if TYPE_CHECKING:
    from reinfer_pandas._planning.plan import Plan
    from reinfer_pandas.client import Client

EVEN_PARTITIONS = 32
"""How many partitions are made where rows can't be counted."""

_REFUSED = {
    "limit": "Which rows come first isn't known before all are read: use ddf.head(n).",
    "chunksize": "Partitions take its place: see partition_rows=.",
    "order": "Partitions are stretches of time, so rows come in the order of time.",
    "text": "The best matches come first, and partitions are stretches of time.",
}


def check_size(npartitions: object, partition_rows: object, per_second: object) -> None:
    """Refuse what is no number of partitions, of rows or of requests."""
    if (npartitions is None) == (partition_rows is None):
        raise ConfigurationError(
            "give npartitions= or partition_rows=, one of them",
            hint="partition_rows=100_000 is about 0.2 GB of a dataset's comments.",
        )
    for name, value in (("npartitions", npartitions), ("partition_rows", partition_rows)):
        if value is not None:
            OPTIONS["chunksize"].check(name, value)
    is_rate = isinstance(per_second, int | float) and not isinstance(per_second, bool)
    if per_second is not None and not (is_rate and 0 < per_second < math.inf):  # type: ignore[operator]
        raise ConfigurationError(f"requests_per_second={per_second!r}: give more than 0")


def given_options(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options that were given; those that a Dask read can't take are refused."""
    found = {name: value for name, value in options.items() if value is not None}
    for name in _REFUSED.keys() & found.keys():
        raise ConfigurationError(f"a Dask read takes no {name}=", hint=_REFUSED[name])
    if isinstance(found.get("filter"), Mapping) and "timestamp" in found["filter"]:
        raise ConfigurationError("the times are start= and end=, not a raw filter's")
    return found


def planned(client: Client, resource: str, given: Mapping[str, Any]) -> tuple[Extent, Plan]:
    """Return what is read and how, with names looked up; what can't be divided is refused."""
    asked = {**given, "progress": False}
    if "columns" in given and not isinstance(given["columns"], str):
        asked["columns"] = [name for name in given["columns"] if name != OTHER.name] or None
    is_raw = resource.startswith("/")
    looked_up = {} if is_raw else client._looked_up(resource, asked)
    plan = None if is_raw else plan_read(resource, looked_up)
    if plan is None or plan.span is None:
        raise ConfigurationError(
            f"{resource!r} can't be divided by time",
            hint="sources/{project}/{source}/comments and datasets/{project}/{dataset}/comments "
            "can; the others are small enough for reinfer_pandas.read_reinfer.",
        )
    kept = {k: v for k, v in looked_up.items() if k not in ("start", "end", "columns")}
    return Extent(client=client, resource=resource, options=kept, span=plan.span), plan


def partition_cuts(
    extent: Extent, npartitions: int | None, partition_rows: int | None
) -> list[int]:
    """Return the bounds of the partitions, the first and last inclusive [us since 1970]."""
    start, end = extent.ends()
    whole = (start // MILLISECOND, end // MILLISECOND + 1)
    try:
        found = row_cuts(whole, extent.count, n_parts=npartitions, rows=partition_rows)
    except PermissionDeniedError as error:
        found = even_cuts(whole, npartitions or EVEN_PARTITIONS)
        warnings.warn(
            f"The comments of {extent.resource} can't be counted, so its {len(found) - 1} "
            f"partitions are as long in time as each other, not as many in rows. {error}",
            stacklevel=3,  # where the read is planned
        )
    return [start, *(cut * MILLISECOND for cut in found[1:-1]), end]
