"""The examples in docstrings run, and every public name has one."""

from __future__ import annotations

import doctest
import importlib
import inspect
import pkgutil

import matplotlib as mpl
import pytest

import reinfer_pandas as rp

MODULES = sorted(
    module.name
    for module in pkgutil.walk_packages(rp.__path__, "reinfer_pandas.")
    if not module.name.endswith("__main__")
)
FLAGS = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS


@pytest.mark.parametrize("name", MODULES)
def test_examples_run(name: str) -> None:
    mpl.use("Agg")
    failed, _ = doctest.testmod(importlib.import_module(name), optionflags=FLAGS)
    assert failed == 0


@pytest.mark.parametrize("name", [name for name in rp.__all__ if name[0] != "_"])
def test_every_public_name_is_documented(name: str) -> None:
    assert inspect.getdoc(getattr(rp, name))


@pytest.mark.parametrize("name", ["Client", "concat", "latency", "login", "parse_server_timing"])
def test_main_names_show_an_example(name: str) -> None:
    assert ">>>" in inspect.getdoc(getattr(rp, name))
