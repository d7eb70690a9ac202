"""Results kept with the dataset that they are of, and forgotten with it."""

from __future__ import annotations

from functools import lru_cache, partial, wraps
from typing import TYPE_CHECKING, Concatenate, ParamSpec, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

    from reinfer_pandas.sandbox.data import Dataset

P = ParamSpec("P")
T = TypeVar("T")


def remembered(
    function: Callable[Concatenate[Dataset, P], T],
) -> Callable[Concatenate[Dataset, P], T]:
    """Keep a function's latest results for each dataset; its arguments must be hashable."""

    @wraps(function)
    def remember(dataset: Dataset, /, *args: P.args, **kwargs: P.kwargs) -> T:
        kept = dataset.memory.get(function)
        if kept is None:
            fresh = lru_cache(maxsize=128)(partial(function, dataset))
            kept = dataset.memory.setdefault(function, fresh)
        found: T = kept(*args, **kwargs)
        return found

    return remember
