"""What the routes work on: the tenant, which never changes, and the streams' cursors, which do."""

from __future__ import annotations

from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING

from reinfer_pandas.sandbox.answers import RefusedError
from reinfer_pandas.sandbox.plans import PROJECTS

if TYPE_CHECKING:
    from reinfer_pandas.sandbox.data import Dataset, Tenant
    from reinfer_pandas.sandbox.source import Source


class Cursors:
    """Where each stream stands, by its id; at the start until it is moved."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._places: dict[str, int] = {}

    def get(self, stream_id: str) -> int:
        """Return a stream's place."""
        with self._lock:
            return self._places.get(stream_id, 0)

    def set(self, stream_id: str, place: int) -> None:
        """Move a stream."""
        with self._lock:
            self._places[stream_id] = place


@dataclass(frozen=True, slots=True)
class World:
    """A tenant being served.

    Attributes
    ----------
    tenant : Tenant
        The data.
    label_timeseries : str
        ``objects`` or ``lists``: the two shapes in which servers give them.
    cursors : Cursors
        Of the streams.
    """

    tenant: Tenant
    label_timeseries: str = "objects"
    cursors: Cursors = field(default_factory=Cursors)

    def project(self, owner: str) -> str:
        """Return a project's name, or refuse it."""
        if owner not in PROJECTS:
            raise RefusedError(404)
        return owner

    def source(self, owner: str, name: str) -> Source:
        """Return a source, or refuse its name."""
        found = self.tenant.sources.get(f"{owner}/{name}")
        if found is None:
            raise RefusedError(404)
        return found

    def dataset(self, owner: str, name: str) -> Dataset:
        """Return a dataset, or refuse its name."""
        found = self.tenant.datasets.get(f"{owner}/{name}")
        if found is None:
            raise RefusedError(404)
        return found
