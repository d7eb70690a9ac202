"""Signing in as people do it: JupyterLab in Chromium, by keyboard, widget state saved."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import browser
import nbformat
import pytest

from reinfer_pandas.sandbox import Latency, Server

if TYPE_CHECKING:
    from collections.abc import Iterator

    from browser import Lab
    from playwright.sync_api import BrowserContext, Page

lacking = browser.missing()
pytestmark = [
    pytest.mark.skipif(bool(lacking), reason=f"no browser tests: {lacking}"),
    pytest.mark.timeout(180),
]

CANARY = "canary-5d0c1f7e9b"
BOX = "import reinfer_pandas as rp\nrp.login()"
READ = "df = rp.read_reinfer('datasets/acme/claims/comments', limit=50)\nprint(len(df), 'rows')"
DRAW = "df.reinfer.plot_labels(top=8);"


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with Server(comments=400, token=CANARY, latency=Latency(0)) as running:
        yield running


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with browser.running_lab(tmp_path_factory.mktemp("lab")) as running:
        yield running


@pytest.fixture(scope="module")
def chromium() -> Iterator[BrowserContext]:
    with browser.running_chromium() as running:
        yield running


@pytest.fixture
def notebook(lab: Lab, request: pytest.FixtureRequest) -> Path:
    return lab.write(f"{request.node.name}.ipynb", BOX, READ, DRAW)


@pytest.fixture
def page(chromium: BrowserContext, lab: Lab, notebook: Path) -> Iterator[Page]:
    """Open the notebook, and run its first cell, which shows the box."""
    page = chromium.new_page()
    page.goto(f"{lab.url}/tree/{notebook.name}?token=door&reset")
    page.locator(".jp-CodeCell .cm-content").first.click()
    page.locator(".jp-Notebook-ExecutionIndicator[data-status=idle]").wait_for()
    page.keyboard.press("Shift+Enter")
    page.get_by_label("API token").wait_for()
    yield page
    page.close()  # without being asked whether to save


def focused(page: Page) -> str:
    """Return the label or text of what has the focus."""
    return page.evaluate(
        "(e => (e.labels?.length ? e.labels[0].innerText : e.innerText) || '')"
        "(document.activeElement)"
    )


def tab_to(page: Page, label: str, key: str) -> None:
    """Press a key until a field has the focus."""
    for _ in range(6):
        if focused(page) == label:
            return
        page.keyboard.press(key)
    raise AssertionError(f"the keyboard doesn't reach {label}, but {focused(page)}")


def fill_in(page: Page, endpoint: str, token: str) -> None:
    """Fill in both fields by keyboard alone, and leave the focus in the last one."""
    page.keyboard.press("Escape")
    tab_to(page, "Endpoint", "Shift+Tab")
    page.keyboard.type(endpoint)
    page.keyboard.press("Tab")
    assert focused(page) == "API token"
    page.keyboard.type(token)


def save(page: Page, path: Path) -> str:
    """Save, without leaving the field, and return the file, which holds the widgets' state."""
    before = path.stat().st_mtime_ns
    page.locator("[data-jp-item-name=save] >> visible=true").click()
    for _ in range(100):
        if path.stat().st_mtime_ns != before:
            break
        page.wait_for_timeout(50)
    page.wait_for_timeout(200)
    text = path.read_text()
    assert "application/vnd.jupyter.widget-state+json" in text
    return text


def stored(page: Page) -> str:
    """Return all that the page keeps: cookies, storage, databases."""
    databases = page.evaluate(
        """async () => {
        const told = [];
        for (const {name} of await indexedDB.databases()) {
            const db = await new Promise(done => {
                const opening = indexedDB.open(name);
                opening.onsuccess = () => done(opening.result);
            });
            for (const store of db.objectStoreNames) {
                const all = await new Promise(done => {
                    const asking = db.transaction(store).objectStore(store).getAll();
                    asking.onsuccess = () => done(asking.result);
                });
                told.push([name, store, all]);
            }
            db.close();
        }
        return JSON.stringify([told, {...localStorage}, {...sessionStorage}]);
    }"""
    )
    return f"{databases}{page.context.storage_state()}"


def hold(lab: Lab, page: Page, saved: str, secret: str) -> list[str]:
    """Return the places that hold a secret: the file, its export, the page, the server."""
    from nbconvert import HTMLExporter

    html, _ = HTMLExporter().from_notebook_node(nbformat.reads(saved, as_version=4))
    places = {"notebook": saved, "export": html, "storage": stored(page), "page": page.content()}
    # The folder has the log, workspaces, settings, checkpoints and IPython's history.
    for path in filter(Path.is_file, lab.home.rglob("*")):
        places[str(path)] = path.read_bytes().decode("latin-1")
    assert str(lab.log) in places
    return [name for name, text in places.items() if secret in text]


def wait_until_signed_in(page: Page) -> None:
    page.get_by_text("Signed in to acme/production").wait_for()


def run_next(page: Page) -> None:
    """Run the cell below the box."""
    page.locator(".jp-CodeCell .cm-content").nth(1).click()
    page.keyboard.press("Shift+Enter")


def test_signing_in_by_keyboard_leaves_no_token_anywhere(
    page: Page, notebook: Path, lab: Lab, server: Server
) -> None:
    fill_in(page, server.endpoint, CANARY)
    page.keyboard.press("Enter")
    wait_until_signed_in(page)
    assert page.get_by_label("API token").count() == 0
    run_next(page)
    page.get_by_text("50 rows").wait_for()
    page.keyboard.press("Shift+Enter")
    page.locator(".jp-OutputArea img").wait_for()
    saved = save(page, notebook)
    assert "image/png" in saved
    assert "Signed in to acme/production" in saved
    assert not hold(lab, page, saved, CANARY)


def test_a_refused_token_is_said_and_tried_again(
    page: Page, notebook: Path, lab: Lab, server: Server
) -> None:
    refused = "canary-refused-03"
    fill_in(page, server.endpoint, refused)
    page.keyboard.press("Enter")
    page.get_by_role("alert").get_by_text(re.compile("refused")).wait_for()
    page.wait_for_function("document.activeElement.type === 'password'")
    assert not hold(lab, page, save(page, notebook), refused)
    page.get_by_label("API token").focus()
    page.keyboard.type(CANARY)
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    saved = save(page, notebook)
    wait_until_signed_in(page)
    assert CANARY not in saved
    assert not hold(lab, page, save(page, notebook), CANARY)


def test_a_token_typed_but_not_submitted_is_not_saved(
    page: Page, notebook: Path, lab: Lab, server: Server
) -> None:
    fill_in(page, server.endpoint, CANARY)
    saved = save(page, notebook)  # and so the field is left
    assert page.get_by_label("API token").input_value() == CANARY
    assert not hold(lab, page, saved, CANARY)
    run_next(page)
    page.get_by_text("You aren't signed in yet").first.wait_for()
    assert not hold(lab, page, save(page, notebook), CANARY)
    page.get_by_role("button", name="Sign in").press("Enter")
    wait_until_signed_in(page)
    assert not hold(lab, page, save(page, notebook), CANARY)
