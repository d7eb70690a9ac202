"""Beyond one machine: the same read as a Dask DataFrame.

It needs Dask and its scheduler: ``pip install "dask[dataframe,distributed]"``. Nothing else in this
package imports it.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from reinfer_pandas._exporting.pieces import stamp
from reinfer_pandas.exceptions import ConfigurationError
from reinfer_pandas.reader import default_client

try:
    import dask
    import dask.dataframe as dd
    import distributed
    from dask.dataframe.dask_expr import new_collection
    from dask.dataframe.dask_expr.io import FromMapProjectable
except ImportError as error:
    raise ImportError(
        "reinfer_pandas.dask needs Dask, which isn't installed here, or not whole: "
        'pip install "dask[dataframe,distributed]"'
    ) from error

from reinfer_pandas._partitioning.columns import empty_partition, property_names
from reinfer_pandas._partitioning.log import EMPTY_LOG, partition_log
from reinfer_pandas._partitioning.plan import check_size, given_options, partition_cuts, planned
from reinfer_pandas._partitioning.reader import PartitionReader, Stretch
from reinfer_pandas._partitioning.worker_token import Connection, Handover, plugin_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reinfer_pandas.client import Client


def read_reinfer(
    resource: str,
    *,
    start: Any = None,
    end: Any = None,
    npartitions: int | None = None,
    partition_rows: int | None = None,
    client: Client | None = None,
    requests_per_second: float | None = None,
    **options: Any,
) -> dd.DataFrame:
    """Plan the read of a resource of any size, as a Dask DataFrame.

    Each partition is a stretch of time with about as many rows as each other, found by counts
    alone: nothing is read before it is computed. Computed, it is the frame of
    `reinfer_pandas.read_reinfer` in the order of time, indexed by `timestamp`: row for row
    ``df.set_index("timestamp")`` for a source, whose comments come oldest first, and
    ``df[::-1].set_index("timestamp")`` for a dataset, whose come newest first. It has more columns:
    those of user properties that no row of the range has, and `other_properties`. The tidy views
    and charts take it by ``df.reset_index()``.

    Parameters
    ----------
    resource : str
        ``sources/{project}/{source}/comments`` or ``datasets/{project}/{dataset}/comments``.
    start, end : timestamp-like, optional
        Earliest and latest time, both inclusive. An open end is settled when the read is planned,
        not far behind the last comment: what comes later, with later times, isn't read.
    npartitions : int, optional
        How many partitions; fewer where there are fewer comments.
    partition_rows : int, optional
        In place of it, rows of a partition: it has from half to double that, but where there are
        fewer in all, or more of one millisecond, which stay together.
    client : Client, optional
        The connection; by default the one of `login`, else of the environment. Tasks get its
        settings without the token: see `register`.
    requests_per_second : float, optional
        The most requests that may begin in a second, over all workers of a cluster: a fraction
        above 1 is left out. Without a cluster, in this process. Reads of the same tenant with the
        same number share it.
    **options
        As for `reinfer_pandas.read_reinfer`, but for `limit`, `chunksize`, `order` and `text`.
        ``workers`` is of each task: a cluster has as many requests under way as that times its
        threads.

    Returns
    -------
    dask.dataframe.DataFrame
        Its divisions are known, so ``ddf.loc["2026-03"]`` reads the partitions of March, and
        ``ddf[["uid", "body"]]`` makes those columns alone. Columns and dtypes are those declared;
        user properties are those of the dataset's summary, or, for a source, those of some rows of
        eight partitions at most. One that isn't among them is kept in the column
        `other_properties`, a JSON object for each row that has any, and a warning tells of it.
        Where ``columns`` names that, it has all that have no column of their own.

    Raises
    ------
    ConfigurationError
        No such resource or option, or one that can't be divided by time; neither or both of
        `npartitions` and `partition_rows`; no comments, and an open range.
    APIError, NetworkError, ResponseError
        The plan's requests failed.

    Warns
    -----
    UserWarning
        Comments can't be counted, because you may not see the statistics: partitions are as long
        in time as each other, and as uneven in rows as it comes.

    Examples
    --------
    >>> import reinfer_pandas as rp
    >>> from reinfer_pandas import dask as rpd
    >>> with rp.sandbox(comments=500) as client:
    ...     ddf = rpd.read_reinfer("datasets/acme/claims/comments", npartitions=4, client=client)
    ...     n_rows = len(ddf)
    >>> ddf.npartitions, n_rows
    (4, 350)
    """
    check_size(npartitions, partition_rows, requests_per_second)
    found = given_options({"start": start, "end": end, **options})
    extent, plan = planned(client or default_client(), resource, found)
    cuts = partition_cuts(extent, npartitions, partition_rows)
    columns = found.get("columns")
    properties = property_names(extent, cuts) if columns is None else ()
    reader = PartitionReader(
        connection=Connection.of(extent.client, uuid4().hex, requests_per_second),
        resource=resource,
        options=extent.options,
        order=extent.span.order,
        empty=empty_partition(plan, properties, columns),
        has_all=columns is None,
    )
    return _collection(reader, cuts)


def _collection(reader: PartitionReader, cuts: Sequence[int]) -> dd.DataFrame:
    """Return the partitions between some bounds."""
    last = len(cuts) - 2
    stretches = [Stretch(n, a, b, n == last) for n, (a, b) in enumerate(pairwise(cuts))]
    with dask.config.set({"dataframe.convert-string": False}):  # its strings are Arrow's already
        return dd.from_map(
            reader,
            stretches,
            meta=reader.empty,
            divisions=tuple(stamp(cut) for cut in cuts),
            label="read-reinfer",
        )


def requests(ddf: dd.DataFrame) -> dd.DataFrame:
    """Return the log of the HTTP attempts behind a Dask DataFrame, as another one.

    Computed with it, by ``dask.compute(ddf, requests(ddf))``, it comes from the very same tasks:
    nothing is read twice. So it does of what ``ddf.persist()`` returned. Computed by itself, or
    with some of the partitions only, it reads its own: it tells of a read and not of the past.

    Parameters
    ----------
    ddf : dask.dataframe.DataFrame
        Of `read_reinfer`, or made of such by whatever operations; or persisted, as it was read.

    Returns
    -------
    dask.dataframe.DataFrame
        One row for each attempt, as ``df.reinfer.requests()`` has them, and its `partition`. The
        numbers in `request` begin at 1,000,000 times that. Computed, it goes into
        `reinfer_pandas.latency` and `reinfer_pandas.plot_latency`.

    Raises
    ------
    ConfigurationError
        Nothing in it was read by `read_reinfer`.

    Examples
    --------
    >>> import dask
    >>> import reinfer_pandas as rp
    >>> from reinfer_pandas import dask as rpd
    >>> with rp.sandbox(comments=200) as client:
    ...     ddf = rpd.read_reinfer("sources/acme/inbox/comments", npartitions=2, client=client)
    ...     df, log = dask.compute(ddf[["uid", "body"]], rpd.requests(ddf[["uid", "body"]]))
    >>> len(df), log["partition"].tolist()
    (120, [0, 1])
    """
    reads = [
        new_collection(one)
        for one in ddf.expr.optimize(fuse=False).find_operations(FromMapProjectable)
        if isinstance(one.func, PartitionReader)
    ]
    logs = [one.map_partitions(partition_log, meta=EMPTY_LOG) for one in reads or [ddf]]
    return dd.concat(logs) if len(logs) > 1 else logs[0]


def register(dask_client: distributed.Client, *, client: Client | None = None) -> None:
    """Hand the token to the workers of a cluster, present and future ones, over TLS only.

    Without it, workers take the token from their own environment (``REINFER_TOKEN``), where
    cluster managers put secrets. The scheduler keeps it in memory for workers that come later, so
    whoever may connect to the scheduler may use it.

    Parameters
    ----------
    dask_client : distributed.Client
        Of the cluster.
    client : Client, optional
        Whose token; by default the one of `login`, else of the environment.

    Raises
    ------
    ConfigurationError
        The address of the scheduler or of a worker is neither ``tls://`` nor ``inproc://``, in
        this process.
    """
    if not isinstance(dask_client, distributed.Client):
        raise ConfigurationError(f"{dask_client!r} is no distributed.Client")
    workers = dask_client.scheduler_info(n_workers=-1)["workers"]
    for address in (dask_client.scheduler.address, *workers):
        if not address.startswith(("tls://", "inproc://")):
            raise ConfigurationError(
                f"the cluster is at {address}, and a token is handed over TLS only",
                hint="Give the cluster a distributed.Security, or set REINFER_TOKEN in the "
                "environment of every worker.",
            )
    settings = (client or default_client()).settings
    plugin = Handover(settings.token)
    dask_client.register_plugin(plugin, name=plugin_name(settings.endpoint))
