"""An embedded Re:infer server on loopback: for demos, tests and recordings.

>>> from reinfer_pandas.sandbox import Fault, Latency, Server
>>> with Server(comments=100, latency=Latency(0)) as server:
...     server.endpoint.endswith("/acme/production/reinfer_")
True

The standard library is all it needs. The package itself may be called as the function of its name,
so that ``reinfer_pandas.sandbox(...)`` works whichever of the two an import has put there.
"""

from __future__ import annotations

import sys
from types import ModuleType

from reinfer_pandas.sandbox.box import Sandbox, sandbox, serve
from reinfer_pandas.sandbox.data import Tenant
from reinfer_pandas.sandbox.faults import Fault
from reinfer_pandas.sandbox.handler import Seen
from reinfer_pandas.sandbox.latency import Latency
from reinfer_pandas.sandbox.server import Server

__all__ = ["Fault", "Latency", "Sandbox", "Seen", "Server", "Tenant", "sandbox", "serve"]


class _Callable(ModuleType):
    """The package as a function."""

    __call__ = staticmethod(sandbox)


sys.modules[__name__].__class__ = _Callable
