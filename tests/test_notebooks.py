"""The shipped notebooks: executed, and the same as kept."""

from __future__ import annotations

import ast
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbformat import NotebookNode

FOLDER = Path(__file__).parent.parent / "notebooks"
NAMES = [
    "01_quickstart.ipynb",
    "02_labels_and_trends.ipynb",
    "03_latency.ipynb",
    "04_dask.ipynb",
]
# A kernel on loopback warns of itself and of its event loop: neither is ours.
pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


def read(name: str) -> NotebookNode:
    return nbformat.read(FOLDER / name, as_version=4)


def execute(notebook: NotebookNode, folder: Path) -> NotebookNode:
    """Run all cells in a kernel of their own, where nobody can type."""
    resources = {"metadata": {"path": str(folder)}}
    return NotebookClient(notebook, timeout=100, resources=resources).execute()


def code(notebook: NotebookNode) -> list[NotebookNode]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def told(cell: NotebookNode) -> list[object]:
    """Return a cell's texts; of its figures, that they are there, for they show times."""
    return [
        output.get("text")
        or {kind: kind.startswith("image") or text for kind, text in data.items()}
        for output in cell.outputs
        if (data := output.get("data", {})) is not None
    ]


def test_all_notebooks_are_tested() -> None:
    assert sorted(path.name for path in FOLDER.glob("*.ipynb")) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_a_notebook_runs_without_an_account_and_shows_what_was_kept(
    name: str, tmp_path: Path
) -> None:
    kept = read(name)
    ran = execute(read(name), tmp_path)
    for before, after in zip(code(kept), code(ran), strict=True):
        assert told(before) == told(after), before.source
    assert [cell.execution_count for cell in code(kept)] == list(range(1, len(code(kept)) + 1))
    assert any("image/png" in str(told(cell)) for cell in code(kept))


@pytest.mark.parametrize("name", NAMES)
def test_a_notebook_is_short_and_imports_little(name: str) -> None:
    notebook = read(name)
    assert len(notebook.cells) <= 12
    assert notebook.cells[0].source.startswith("# ")
    assert notebook.cells[0].source.splitlines()[0].endswith("?")
    for cell in code(notebook):
        for node in ast.walk(ast.parse(cell.source)):
            assert not isinstance(node, ast.FunctionDef | ast.Lambda | ast.ClassDef)
            names = [each.name for each in node.names] if isinstance(node, ast.Import) else []
            names += [node.module] if isinstance(node, ast.ImportFrom) else []
            assert {each.split(".")[0] for each in names} <= {
                "reinfer_pandas",
                "pandas",
                "matplotlib",
                *(("dask", "distributed") if "dask" in name else ()),
            }


def test_a_notebook_without_page_and_token_ends_at_once_with_the_clear_error(
    tmp_path: Path,
) -> None:
    cells = [nbformat.v4.new_code_cell("import reinfer_pandas as rp\nrp.login()")]
    notebook = nbformat.v4.new_notebook(cells=cells)
    with pytest.raises(CellExecutionError, match="nobody here to ask") as failed:
        execute(notebook, tmp_path)
    assert "REINFER_TOKEN" in str(failed.value)
    assert "widget" not in str(notebook.cells[0].outputs).lower()
