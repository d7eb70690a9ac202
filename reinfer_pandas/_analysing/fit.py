"""What a request costs the server, and what each row of its answer adds: a straight line.

Source: MacKinnon and White (1985), HC3; Abramowitz and Stegun, 26.7.5 (quantiles of Student's t).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from reinfer_pandas._analysing.groups import grouped
from reinfer_pandas._catalogue.catalogue import by_route
from reinfer_pandas._latency import pool

if TYPE_CHECKING:
    from reinfer_pandas._latency import Sources

Array: TypeAlias = npt.NDArray[Any]

FEWEST = 8
"""Fewer answers support no line."""
SPARE = 0.1
"""A page is large enough where the request costs at most this part of what its rows cost."""
_Z = 1.959963984540054


def fit_latency(x: Sources) -> pd.DataFrame:
    """Fit the server's time to the rows of its answers: server = request + row · rows.

    Parameters
    ----------
    x : DataFrame, Client, or iterable of them
        As for `latency`. Answers whose rows or server time aren't known are left out.

    Returns
    -------
    DataFrame, shape (routes, 9)
        Indexed by route:

        - ``n``: answers;
        - ``request_ms``, ``row_ms``: what a request costs, and what each row adds (least squares),
          with the bounds ``_low_ms`` and ``_high_ms`` of their 95 % interval (errors by HC3, which
          lets large pages vary more than small ones) [ms];
        - ``largest``: rows of the largest page seen;
        - ``page_size``: the smallest page whose request costs at most a tenth of its rows,
          within what the route gives; missing where rows cost nothing measurable.

        All but ``n`` and ``largest`` is missing below 8 answers or with pages of one size only.
        ``attrs["verdict"]`` says it in words.

    Raises
    ------
    ConfigurationError
        Where a frame carries no request log.

    Examples
    --------
    >>> import reinfer_pandas as rp
    >>> steady = rp.sandbox.Latency(20, per_row_ms=0.5, jitter=0)
    >>> with rp.sandbox(comments=400, latency=steady) as client:
    ...     for size in (8, 16, 32, 64):
    ...         df = client.read("sources/acme/inbox/comments", page_size=size, limit=2 * size)
    ...     found = rp.fit_latency(client).iloc[0]
    >>> print(f"{found['row_ms']:.1f}")
    0.5
    """
    attempts = grouped(pool(x), "route")
    known = attempts[attempts["outcome"].eq("ok") & attempts["rows"].notna()]
    known = known[known["server_ms"].notna()]
    groups = {str(route): _fitted(str(route), part) for route, part in known.groupby("route")}
    found = pd.DataFrame.from_dict(groups, orient="index", columns=list(_EMPTY)).astype(
        {"n": "int64", "largest": "Int64", "page_size": "Int64"}
    )
    found.index.name = "route"
    found.attrs["verdict"] = "; ".join(_sentence(route, row) for route, row in found.iterrows())
    return found


_EMPTY = {
    "n": 0,
    **dict.fromkeys(("request_ms", "request_low_ms", "request_high_ms"), np.nan),
    **dict.fromkeys(("row_ms", "row_low_ms", "row_high_ms"), np.nan),
    "largest": None,
    "page_size": None,
}


def _fitted(route: str, answers: pd.DataFrame) -> dict[str, Any]:
    rows, server = answers["rows"].to_numpy("float64"), answers["server_ms"].to_numpy("float64")
    facts: dict[str, Any] = {**_EMPTY, "n": len(rows), "largest": int(rows.max())}
    if len(rows) < FEWEST or rows.min() == rows.max():
        return facts
    line, error = fit_line(rows, server)
    margin = student_quantile(len(rows) - 2) * error
    for name, value, spare in zip(("request", "row"), line, margin, strict=True):
        facts |= {
            f"{name}_ms": value,
            f"{name}_low_ms": value - spare,
            f"{name}_high_ms": value + spare,
        }
    if facts["row_low_ms"] > 0:
        resource = by_route(*route.split(" ", 1))
        most = (resource.max_page_size if resource else 0) or np.inf
        facts["page_size"] = int(min(most, max(1, np.ceil(line[0] / (SPARE * line[1])))))
    return facts


def fit_line(x: Array, y: Array) -> tuple[Array, Array]:
    """Return intercept and slope by least squares, and their standard errors by HC3.

    Parameters
    ----------
    x, y : ndarray, shape (n,)
        At least three points, of at least two x.
    """
    design = np.column_stack([np.ones(len(x)), x])
    inverse = np.linalg.inv(design.T @ design)
    line = inverse @ design.T @ y
    leverage = np.einsum("ij,jk,ik->i", design, inverse, design)
    # One point alone at its x lies on the line, and has no residual to scale.
    scaled = (y - design @ line) / np.maximum(1 - leverage, 1e-9)
    spread = inverse @ (design * scaled[:, None] ** 2).T @ design @ inverse
    return line, np.sqrt(np.diag(spread))


def student_quantile(degrees: int) -> float:
    """Return the 97.5 % quantile of Student's t; within 0.5 % from 4 degrees of freedom on."""
    z = _Z
    terms: tuple[float, ...] = (
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
        (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / 92160,
    )
    return z + sum(float(term / degrees**power) for power, term in enumerate(terms, 1))


def _sentence(route: object, row: pd.Series[Any]) -> str:
    if np.isnan(row["request_ms"]):
        return f"{route}: {row['n']:,} answers tell no cost per row (it takes pages of two sizes)"
    costs = [
        f"{name} costs {row[f'{key}_ms']:,.3g} ms "
        f"(95 %: {row[f'{key}_low_ms']:,.3g} to {row[f'{key}_high_ms']:,.3g})"
        for key, name in (("request", "a request"), ("row", "each row"))
    ]
    if pd.isna(row["page_size"]):
        return f"{route}: {', '.join(costs)}, which is nothing measurable: take the largest pages"
    beyond = " (larger than any seen)" if row["page_size"] > row["largest"] else ""
    return f"{route}: {', '.join(costs)}; pages of {row['page_size']:,} rows{beyond} are enough"
