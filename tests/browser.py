"""A real notebook for the tests: JupyterLab in the system's Chromium."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.error import URLError
from urllib.request import urlopen

import nbformat

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import BrowserContext

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = [
    "--no-sandbox",  # the suite may run as root
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
NEEDED = ("playwright", "jupyterlab")
START_S = 60.0


def missing() -> str:
    """Return what a browser test lacks here; nothing where it has all."""
    if CHROMIUM is None:
        return "there is no Chromium here (Debian: apt-get install chromium)"
    lacks = [name for name in NEEDED if find_spec(name) is None]
    return f"not installed: {', '.join(lacks)}" if lacks else ""


@dataclass(frozen=True)
class Lab:
    """A running JupyterLab.

    Attributes
    ----------
    url : str
        With its token.
    folder : Path
        Where its notebooks are.
    home : Path
        All else that it writes: settings, workspaces, its log.
    """

    url: str
    folder: Path
    home: Path

    @property
    def log(self) -> Path:
        """What the server said, at level DEBUG."""
        return self.home / "lab.log"

    def write(self, name: str, *cells: str) -> Path:
        """Write a notebook with these code cells."""
        book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
        book.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
        path = self.folder / name
        nbformat.write(book, path)
        return path


@contextmanager
def running_lab(home: Path) -> Iterator[Lab]:
    """Run JupyterLab, which saves widget state, until the test ends."""
    folder = home / "work"
    folder.mkdir()
    _switch_on_saving_of_widget_state(home / "settings")
    with (home / "lab.log").open("w") as log:
        command = [sys.executable, "-m", "jupyterlab", "--debug", "--no-browser", "--allow-root"]
        options = ["--port=0", "--ServerApp.token=door", f"--ServerApp.root_dir={folder}"]
        process = subprocess.Popen(
            [*command, *options], env=_environment(home), stdout=log, stderr=log, cwd=folder
        )
        try:
            yield Lab(_address(home / "lab.log", process), folder, home)
        finally:
            process.terminate()
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()


@contextmanager
def running_chromium() -> Iterator[BrowserContext]:
    """Run the system's Chromium, for pages of a notebook's size."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        try:
            context = browser.new_context(viewport={"width": 1100, "height": 900})
            context.set_default_timeout(60_000)  # a busy machine starts kernels slowly
            yield context
        finally:
            browser.close()


def _switch_on_saving_of_widget_state(settings: Path) -> None:
    manager = settings / "@jupyter-widgets" / "jupyterlab-manager"
    manager.mkdir(parents=True)
    (manager / "plugin.jupyterlab-settings").write_text(json.dumps({"saveState": True}))
    news = settings / "@jupyterlab" / "apputils-extension"
    news.mkdir(parents=True)
    quiet = json.dumps({"fetchNews": "false", "checkForUpdates": False})
    (news / "notification.jupyterlab-settings").write_text(quiet)


def _environment(home: Path) -> dict[str, str]:
    kept = {name: text for name, text in os.environ.items() if not name.startswith("REINFER_")}
    return {
        **kept,
        "HOME": str(home),
        "XDG_CONFIG_HOME": str(home / "config"),
        "IPYTHONDIR": str(home / "ipython"),
        "JUPYTER_CONFIG_DIR": str(home / "jupyter"),
        "JUPYTER_DATA_DIR": str(home / "data"),
        "JUPYTERLAB_SETTINGS_DIR": str(home / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(home / "workspaces"),
    }


def _address(log: Path, process: subprocess.Popen[bytes]) -> str:
    """Return the address that the server says it has, once it answers there."""
    until_s = time.monotonic() + START_S
    while time.monotonic() < until_s and process.poll() is None:
        found = re.search(r"http://127\.0\.0\.1:(\d+)/lab", log.read_text())
        if found:
            url = f"http://127.0.0.1:{found[1]}/lab"
            with suppress(URLError), urlopen(f"{url}?token=door", timeout=START_S):
                return url
        time.sleep(0.1)
    raise RuntimeError(f"JupyterLab didn't start:\n{log.read_text()[-2000:]}")
