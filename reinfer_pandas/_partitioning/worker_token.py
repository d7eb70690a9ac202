"""A worker's own connection: the settings come with the task, the token doesn't.

A worker finds the token of the tenant in what `register` handed over, else in its environment.
Where the task runs in the process that planned it, it is that of the client there.
"""

from __future__ import annotations

import os
import socket
import threading
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary, WeakValueDictionary

from distributed import WorkerPlugin, get_worker

from reinfer_pandas._partitioning.cluster_pace import ClusterGate, ClusterPace
from reinfer_pandas._sending.pace import EvenPace, Gate
from reinfer_pandas._signing_in.endpoint import normalise_endpoint
from reinfer_pandas._signing_in.settings import ENDPOINT_VARIABLE, TOKEN_VARIABLE, Token, mask
from reinfer_pandas.client import Client
from reinfer_pandas.exceptions import ConfigurationError

if TYPE_CHECKING:
    from distributed import Worker

    from reinfer_pandas._sending.pace import Pace
    from reinfer_pandas._sending.retry import RetryPolicy


class _NoWorker:
    """What stands in the place of a worker where there is none."""


_NO_WORKER = _NoWorker()
_planners: WeakValueDictionary[tuple[int, str], Client] = WeakValueDictionary()
_clients: WeakKeyDictionary[Worker | _NoWorker, dict[Connection, Client]] = WeakKeyDictionary()
_connecting = threading.Lock()


@dataclass(frozen=True, kw_only=True)
class Connection:
    """Settings of a client, without its token.

    Attributes
    ----------
    plan : str
        Of which plan; it tells nothing.
    endpoint : str
        Base URL of the tenant.
    retry : RetryPolicy
        What is tried again.
    timeout : (float, float)
        For the connection, and for each wait for bytes [s].
    workers : int
        Requests under way at once, in each task.
    per_second : float, optional
        The most requests that may begin in a second.
    """

    plan: str
    endpoint: str
    retry: RetryPolicy
    timeout: tuple[float, float]
    workers: int
    per_second: float | None = None

    @classmethod
    def of(cls, client: Client, plan: str, per_second: float | None) -> Connection:
        """Return the settings of a client, which tasks in this very process find again."""
        _planners[os.getpid(), plan] = client
        return cls(
            plan=plan,
            endpoint=client.settings.endpoint,
            retry=client._retry,
            timeout=client._timeout,
            workers=client._workers,
            per_second=per_second,
        )

    def client(self) -> Client:
        """Return this process's client for it, whose pace and pauses all tasks share.

        Raises
        ------
        ConfigurationError
            There is no token here.
        """
        worker = this_worker()
        token, alike = self._token(worker), replace(self, plan="")
        with _connecting:
            clients = _clients.setdefault(worker or _NO_WORKER, {})
            found = clients.get(alike)
            if found is None or found.settings.token.reveal() != token.reveal():
                found = clients[alike] = self._new(token, worker)
            return found

    def _new(self, token: Token, worker: Worker | None) -> Client:
        """Return a client that is held back with all others, as far as they can be told."""
        client = Client(
            self.endpoint, token, retry=self.retry, timeout=self.timeout, workers=self.workers
        )
        return client._at_pace(*self._holding_back(f"reinfer-{client.settings.host}", worker))

    def _holding_back(self, name: str, worker: Worker | None) -> tuple[Gate, Pace | None]:
        """Return what holds requests back: all of a cluster's, or all of this process's."""
        default_s, most_s = self.retry.base_s, self.retry.retry_after_cap_s
        if worker is None:
            pace = EvenPace(self.per_second) if self.per_second else None
            return Gate(default_s=default_s, most_s=most_s), pace
        gate = ClusterGate(name, default_s=default_s, most_s=most_s)
        return gate, ClusterPace(self.per_second, name) if self.per_second else None

    def _token(self, worker: Worker | None) -> Token:
        """Return the token for this tenant, from where it is found first."""
        planner = _planners.get((os.getpid(), self.plan))
        if planner is not None:
            return planner.settings.token
        plugin = worker.plugins.get(plugin_name(self.endpoint)) if worker else None
        if isinstance(plugin, TokenPlugin):
            return plugin.token
        return self._environment_token(worker)

    def _environment_token(self, worker: Worker | None) -> Token:
        """Return the environment's token, if it isn't another tenant's."""
        elsewhere = os.environ.get(ENDPOINT_VARIABLE, "").strip()
        if elsewhere and normalise_endpoint(elsewhere) != self.endpoint:
            raise ConfigurationError(
                f"{place(worker)} has {ENDPOINT_VARIABLE} of another tenant than {self.endpoint}",
                hint=f"Its {TOKEN_VARIABLE} isn't sent there. {_HINT}",
            )
        token = mask(os.environ.get(TOKEN_VARIABLE, "").strip() or None)
        if token is None:
            raise ConfigurationError(f"{place(worker)} has no API token", hint=_HINT)
        return token


_HINT = (
    f"Set {TOKEN_VARIABLE} in the environment of every worker, before it starts; or hand it over "
    "TLS: reinfer_pandas.dask.register(dask_client)."
)


class TokenPlugin(WorkerPlugin):  # type: ignore[misc] # mypy skips distributed
    """What holds a tenant's token at a worker; it can't be pickled there.

    Parameters
    ----------
    token : str
        The token.
    """

    def __init__(self, token: str) -> None:
        self.token, token = Token(token), ""

    def __repr__(self) -> str:
        return "TokenPlugin(***)"


class Handover(WorkerPlugin):  # type: ignore[misc] # mypy skips distributed
    """What becomes a `TokenPlugin` where it is unpickled: the one pickle that has the token.

    Parameters
    ----------
    token : Token
        The token.
    """

    def __init__(self, token: Token) -> None:
        self._token = token

    def __reduce__(self) -> tuple[Any, ...]:
        return TokenPlugin, (self._token.reveal(),)


def plugin_name(endpoint: str) -> str:
    """Return the name under which a worker holds a tenant's token."""
    return f"reinfer-token-{endpoint}"


def this_worker() -> Worker | None:
    """Return the worker that runs the present task; None where none does."""
    try:
        return get_worker()
    except ValueError:
        return None


def place(worker: Worker | None) -> str:
    """Name where the present task runs."""
    where = f"process {os.getpid()} on {socket.gethostname()}"
    return f"The worker {worker.address} ({where})" if worker else f"The {where}"
