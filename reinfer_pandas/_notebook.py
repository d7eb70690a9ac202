"""The shipped notebooks, opened in JupyterLab beside a running sandbox."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from reinfer_pandas.exceptions import ConfigurationError
from reinfer_pandas.sandbox import Server

if TYPE_CHECKING:
    from collections.abc import Callable

QUICKSTART = "01_quickstart.ipynb"
_PACKAGE = Path(__file__).parent
HOMES = (_PACKAGE / "notebooks", _PACKAGE.parent / "notebooks")
"""Where the notebooks are: in an installed package, or beside it in a checkout."""


def open_notebook(
    folder: Path, *, run: Callable[..., object] = subprocess.run, comments: int = 5_000
) -> None:
    """Open the quickstart in JupyterLab, until that ends.

    A sandbox runs meanwhile, and the environment of the notebooks signs in to it.

    Parameters
    ----------
    folder : Path
        Where copies of the notebooks go; those that are there already stay as they are.
    run : callable
        Runs a command, as `subprocess.run` does.
    comments : int
        In the sandbox.

    Raises
    ------
    ConfigurationError
        JupyterLab isn't installed.
    OSError
        The copies can't be written.
    """
    if find_spec("jupyterlab") is None:
        raise ConfigurationError(
            "JupyterLab isn't installed.",
            hint=f"Install it: {sys.executable} -m pip install jupyterlab",
        )
    copy_notebooks(folder)
    with Server(comments=comments) as server:
        print(f"The notebooks are in {folder.resolve()}; Ctrl-C here ends JupyterLab.")
        run(
            [sys.executable, "-m", "jupyterlab", str(folder / QUICKSTART)],
            env={
                **os.environ,
                "REINFER_ENDPOINT": server.endpoint,
                "REINFER_TOKEN": server.token,
            },
            check=False,
        )


def copy_notebooks(folder: Path) -> None:
    """Copy the shipped notebooks into a folder, but for those that are there."""
    home = next(home for home in HOMES if (home / QUICKSTART).is_file())
    folder.mkdir(parents=True, exist_ok=True)
    for notebook in sorted(home.glob("*.ipynb")):
        if not (folder / notebook.name).exists():
            shutil.copyfile(notebook, folder / notebook.name)
