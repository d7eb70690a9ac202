"""Exports to Parquet: whole whatever happens, read by whatever reads Parquet, private."""

from __future__ import annotations

import os
import random
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pandas as pd
import polars as pl
import pyarrow.parquet as pq
import pytest
from interrupts import CtrlC
from pandas.testing import assert_frame_equal

import reinfer_pandas as rp
from reinfer_pandas.__main__ import main
from reinfer_pandas._exporting.dataset import Dataset
from reinfer_pandas.export import export_reinfer
from reinfer_pandas.sandbox import Fault, Latency, Server

pytestmark = pytest.mark.timeout(120)

INBOX = "sources/acme/inbox/comments"
CLAIMS = "datasets/acme/claims/comments"
PAGES = "(comments|query)$"
ONCE = rp.RetryPolicy(attempts=1)
N_KILLS = int(os.environ.get("REINFER_PANDAS_KILLS", "12"))


@pytest.fixture(scope="module")
def tenant() -> Iterator[Server]:
    with Server(comments=400, latency=Latency(0)) as running:
        yield running


@pytest.fixture
def server(tenant: Server) -> Iterator[Server]:
    yield tenant
    tenant.clear_faults()


@pytest.fixture
def client(server: Server) -> Iterator[rp.Client]:
    with rp.Client(server.endpoint, server.token, retry=ONCE) as connected:
        yield connected


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "export"


def beside(folder: Path) -> Path:
    return folder.with_name(f".{folder.name}.export")


def assert_holds(folder: Path, whole: pd.DataFrame) -> None:
    df = pd.read_parquet(folder)
    assert df["uid"].tolist() == whole["uid"].tolist()
    assert df.columns.tolist() == whole.columns.tolist()
    plain = [name for name in whole.columns if str(whole[name].dtype) != "object"]
    assert_frame_equal(df[plain], whole[plain])
    assert list(beside(folder).glob("*.new")) == []


@pytest.mark.parametrize("resource", [INBOX, CLAIMS])
@pytest.mark.parametrize("rows_per_file", [7, 100, 10_000])
def test_the_folder_is_the_frame(client, folder, resource, rows_per_file) -> None:
    whole = client.read(resource)
    files = export_reinfer(resource, folder, client=client, rows_per_file=rows_per_file)
    assert_holds(folder, whole)
    assert files["rows"].sum() == len(whole)
    assert files["file"].tolist() == sorted(path.name for path in folder.iterdir())
    assert len(files) >= len(whole) // rows_per_file // 2


def test_ranges_are_kept_and_tile_the_whole(client, folder) -> None:
    times = {"start": "2024-01-01", "end": "2030-01-01"}
    files = export_reinfer(INBOX, folder, client=client, rows_per_file=50, **times)
    assert_holds(folder, client.read(INBOX, **times))
    gaps = files["start"].iloc[1:].reset_index(drop=True) - files["end"].iloc[:-1]
    assert (gaps == pd.Timedelta(microseconds=1)).all()
    assert str(files["start"].iloc[0]) == "2024-01-01 00:00:00+00:00"
    assert str(files["end"].iloc[-1]) == "2030-01-01 00:00:00+00:00"


def test_whatever_reads_parquet_reads_the_folder(client, folder) -> None:
    whole = client.read(CLAIMS)
    export_reinfer(CLAIMS, folder, client=client, rows_per_file=60)
    assert pl.read_parquet(folder)["uid"].to_list() == whole["uid"].tolist()
    assert pl.scan_parquet(folder).select("body").collect().height == len(whole)
    found = duckdb.sql(f"select count(*), count(\"string:Team\") from '{folder}/*.parquet'")
    assert found.fetchall() == [(len(whole), whole["string:Team"].count())]
    labels = pd.read_parquet(folder).reinfer.labels()
    assert_frame_equal(labels, whole.reinfer.labels(), check_dtype=False)


def test_each_file_carries_the_tag_of_its_requests(client, folder) -> None:
    export_reinfer(CLAIMS, folder, client=client, rows_per_file=60, page_size=20)
    parts = [pd.read_parquet(path) for path in sorted(folder.iterdir())]
    assert {part.attrs["reinfer"]["resource"] for part in parts} == {CLAIMS}
    starts = [start for part in parts for start in part.reinfer.requests()["started_at"]]
    assert len(starts) == len(set(starts)) > len(parts)
    assert pd.read_parquet(folder).attrs["server_timing_ms"] > 0


def test_only_the_owner_may_read_what_is_exported(client, folder) -> None:
    old = os.umask(0)
    try:
        export_reinfer(INBOX, folder, client=client, rows_per_file=100)
    finally:
        os.umask(old)
    for path in (folder, beside(folder)):
        assert stat.S_IMODE(path.stat().st_mode) == 0o700
        assert {stat.S_IMODE(one.stat().st_mode) for one in path.iterdir()} == {0o600}


def test_no_token_is_in_any_file(client, folder, server) -> None:
    export_reinfer(INBOX, folder, client=client, rows_per_file=100)
    for path in (*folder.iterdir(), *beside(folder).iterdir()):
        assert server.token.encode() not in path.read_bytes()


@pytest.mark.parametrize("resource", [INBOX, CLAIMS])
@pytest.mark.parametrize("after", [0, 1, 3, 7])
def test_an_export_that_failed_goes_on(server, client, folder, resource, after) -> None:
    whole = client.read(resource)
    options = {"client": client, "page_size": 20, "rows_per_file": 40}
    server.inject(Fault("status", status=500, path=PAGES, after=after))
    with pytest.raises(rp.ServerError, match="export again, as before") as caught:
        export_reinfer(resource, folder, **options)
    assert caught.value.partial is not None
    done = sum(pq.read_metadata(path).num_rows for path in folder.iterdir())
    before = len(server.requests)
    export_reinfer(resource, folder, **options)
    assert_holds(folder, whole)
    if done:
        asked = sum(
            seen.path.endswith(("/comments", "/query")) for seen in server.requests[before:]
        )
        assert asked <= 2 * (len(whole) - done) // 20 + 10


def test_many_comments_of_one_time_are_one_range_of_several_files(client, folder) -> None:
    whole = client.read(INBOX)
    tied = Tied(client)
    files = export_reinfer(INBOX, folder, client=tied, rows_per_file=30)
    assert len(files) > 5
    assert files["rows"].max() <= 90
    assert pd.read_parquet(folder)["uid"].tolist() == whole["uid"].tolist()


class Tenant:
    """A client of a tenant that isn't quite what the sandbox's is."""

    def __init__(self, client: rp.Client) -> None:
        self._client = client

    def __getattr__(self, name: str) -> object:
        return getattr(self._client, name)

    def change(self, df: pd.DataFrame) -> pd.DataFrame:
        raise NotImplementedError

    def read(self, resource: str, **options: object) -> object:
        found = self._client.read(resource, **options)
        return self.change(found) if "chunksize" not in options else map(self.change, found)

    def _rows(self, resource: str, **options: object) -> int | None:
        return len(self.read(resource, **options))


class Tied(Tenant):
    """All comments but the first and the last few were written at one time."""

    def change(self, df: pd.DataFrame) -> pd.DataFrame:
        return df.assign(timestamp=df["timestamp"].clip(upper=pd.Timestamp(0, tz="UTC")))


class Growing(Tenant):
    """Some comments aren't there yet."""

    hidden: frozenset[str] = frozenset()

    def change(self, df: pd.DataFrame) -> pd.DataFrame:
        return df[~df["uid"].isin(self.hidden)]


@pytest.mark.parametrize("resource", [INBOX, CLAIMS])
def test_an_update_fetches_what_is_new_wherever_it_lies(client, folder, resource) -> None:
    whole, growing = client.read(resource), Growing(client)
    dice = random.Random(0)
    late = {*whole["uid"].iloc[:25], *whole["uid"].iloc[-25:], *dice.sample(list(whole["uid"]), 3)}
    growing.hidden = frozenset(late)
    options = {"client": growing, "rows_per_file": 60}
    first = export_reinfer(resource, folder, **options)
    assert first["rows"].sum() == len(whole) - len(late)
    growing.hidden = frozenset()
    assert export_reinfer(resource, folder, **options)["rows"].sum() == len(whole) - len(late)
    files = export_reinfer(resource, folder, update=True, **options)
    df = pd.read_parquet(folder)
    assert sorted(df["uid"]) == sorted(whole["uid"])
    kept = set(first["file"]) & set(files["file"])
    assert kept
    again = export_reinfer(resource, folder, update=True, **options)
    assert again["file"].tolist() == files["file"].tolist()


def test_a_property_that_shows_up_late_is_a_column_of_every_file(client, folder) -> None:
    whole = client.read(INBOX)
    late = Late(client)
    export_reinfer(INBOX, folder, client=late, rows_per_file=40)
    schemas = [pq.read_schema(path).names for path in sorted(folder.iterdir())]
    assert all(names == schemas[0] for names in schemas)
    df = pd.read_parquet(folder)
    assert df["string:Late"].count() == 1
    assert df.columns.tolist().index("string:Late") < df.columns.tolist().index("messages")
    assert pl.read_parquet(folder).height == len(whole)
    assert df.reinfer.messages().shape[0] >= len(whole)


class Late(Tenant):
    """The last comment has a user property that no other has."""

    def change(self, df: pd.DataFrame) -> pd.DataFrame:
        is_last = df["uid"] == self._client.read(INBOX)["uid"].iloc[-1]
        if not is_last.any():
            return df
        return df.assign(**{"string:Late": is_last.map({True: "yes"}).astype("str")})


@pytest.mark.parametrize("resource", ["datasets", "users"])
def test_what_has_no_times_is_exported_too(client, folder, resource) -> None:
    export_reinfer(resource, folder, client=client)
    whole = client.read(resource)
    assert pd.read_parquet(folder)["id"].tolist() == whole["id"].tolist()
    export_reinfer(resource, folder, client=client, update=True)
    assert len(pd.read_parquet(folder)) == len(whole)


def test_no_rows_are_a_folder_with_all_columns(client, folder) -> None:
    files = export_reinfer(INBOX, folder, client=client, end="1980-01-01")
    assert files["rows"].tolist() == [0]
    df = pd.read_parquet(folder)
    assert df.columns.tolist() == client.read(INBOX, end="1980-01-01").columns.tolist()


@pytest.mark.parametrize(
    ("resource", "options"),
    [(CLAIMS, {}), (INBOX, {"start": "2024-01-01"}), (INBOX, {"columns": ["body"]})],
)
def test_a_folder_takes_nothing_else(client, folder, resource, options) -> None:
    export_reinfer(INBOX, folder, client=client)
    with pytest.raises(rp.ConfigurationError, match="holds an export of"):
        export_reinfer(resource, folder, client=client, **options)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"limit": 5}, "takes no limit"),
        ({"chunksize": 5}, "takes no chunksize"),
        ({"rows_per_file": 0}, "give 1 or more"),
        ({"filter": {"timestamp": {"minimum": "2024-01-01"}}}, "start= and end="),
        ({"start": "2024-02-01", "end": "2024-01-01"}, "start"),
        ({"no_such_option": 1}, "no_such_option"),
    ],
    ids=str,
)
def test_options_that_cant_be_are_refused_before_anything_is_made(
    client, folder, options, words
) -> None:
    with pytest.raises(rp.ConfigurationError, match=words):
        export_reinfer(INBOX, folder, client=client, **options)
    assert not folder.exists()


def test_folders_that_hold_something_else_are_left_alone(client, tmp_path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(rp.ConfigurationError, match="is a file"):
        export_reinfer(INBOX, tmp_path / "file", client=client)
    foreign = tmp_path / "foreign"
    foreign.mkdir()
    pd.DataFrame({"a": [1]}).to_parquet(foreign / "part-000000.parquet")
    with pytest.raises(rp.ConfigurationError, match="no export"):
        export_reinfer(INBOX, foreign, client=client)
    assert len(list(foreign.iterdir())) == 1


def test_a_damaged_folder_is_said_to_be(client, folder) -> None:
    export_reinfer(INBOX, folder, client=client, rows_per_file=50)
    (folder / "part-000001.parquet").rename(folder.parent / "elsewhere")
    with pytest.raises(rp.ConfigurationError, match=r"part-000001\.parquet is gone"):
        export_reinfer(INBOX, folder, client=client)
    (beside(folder) / "manifest.json").write_text("{")
    with pytest.raises(rp.ConfigurationError, match="can't be read"):
        export_reinfer(INBOX, folder, client=client)


def test_two_exports_into_one_folder_exclude_each_other(client, folder) -> None:
    what = {"resource": INBOX}
    with Dataset.open(folder, what, None), pytest.raises(rp.ConfigurationError, match="another"):
        export_reinfer(INBOX, folder, client=client)


def test_a_disk_that_is_full_leaves_what_was_done(client, folder, monkeypatch) -> None:
    whole, to_parquet, written = client.read(INBOX), pd.DataFrame.to_parquet, []

    def full(df: pd.DataFrame, path: Path, **options: object) -> None:
        written.append(path)
        if len(written) == 3:
            path.write_bytes(b"PAR1")
            raise OSError(28, "No space left on device")
        to_parquet(df, path, **options)

    with monkeypatch.context() as patched:
        patched.setattr(pd.DataFrame, "to_parquet", full)
        with pytest.raises(OSError, match="No space") as caught:
            export_reinfer(INBOX, folder, client=client, rows_per_file=40)
    assert "export again" in caught.value.__notes__[0]
    assert len(list(folder.iterdir())) == 2
    assert list(beside(folder).glob("*.new")) == []
    export_reinfer(INBOX, folder, client=client, rows_per_file=40)
    assert_holds(folder, whole)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("seed", range(20))
def test_ctrl_c_at_any_instant_loses_and_doubles_nothing(client, folder, seed) -> None:
    def export() -> None:
        export_reinfer(CLAIMS, folder, client=client, rows_per_file=60, workers=2)

    whole = client.read(CLAIMS)
    with CtrlC() as clock:
        export_reinfer(
            CLAIMS, folder.with_name("first"), client=client, rows_per_file=60, workers=2
        )
    dice = random.Random(seed)
    for _ in range(3):
        try:
            with CtrlC(dice.randrange(1, clock.n_instants)):
                export()
        except KeyboardInterrupt:
            continue
    export()
    assert_holds(folder, whole)


PROGRAM = """
import sys
import reinfer_pandas as rp
endpoint, token, resource, folder = sys.argv[1:]
with rp.Client(endpoint, token) as client:
    print("begun", flush=True)
    rp.export_reinfer(
        resource, folder, client=client, rows_per_file=25, page_size=10, workers=2, update=True
    )
"""


@pytest.mark.parametrize("resource", [INBOX, CLAIMS])
def test_killed_at_any_instant_it_goes_on_and_loses_and_doubles_nothing(
    server, client, folder, resource
) -> None:
    whole = client.read(resource)
    dice = random.Random(resource)
    command = [sys.executable, "-c", PROGRAM, server.endpoint, server.token, resource, str(folder)]
    n_killed = 0
    for _ in range(N_KILLS // 2):
        with subprocess.Popen(command, stdout=subprocess.PIPE) as running:
            assert running.stdout.readline() == b"begun\n"
            time.sleep(dice.uniform(0, 0.5))
            running.send_signal(signal.SIGKILL)
        n_killed += running.returncode == -signal.SIGKILL
        if folder.exists():
            held = [pd.read_parquet(path)["uid"] for path in folder.iterdir()]
            held = [uid for one in held for uid in one]
            assert len(held) == len(set(held))
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    assert n_killed
    df = pd.read_parquet(folder)
    assert sorted(df["uid"]) == sorted(whole["uid"])


def test_at_the_shell(server, folder, monkeypatch, capsys) -> None:
    monkeypatch.setenv("REINFER_ENDPOINT", server.endpoint)
    monkeypatch.setenv("REINFER_TOKEN", server.token)
    command = ["export", INBOX, str(folder), "--start", "2024-01-01", "--rows-per-file", "100"]
    assert main(command) == 0
    rows, files = len(pd.read_parquet(folder)), len(list(folder.iterdir()))
    assert capsys.readouterr().out == f"{rows:,} rows in {folder} (files: {files:,})\n"
    server.inject(Fault("status", status=403, path=PAGES, times=None))
    assert main([*command[:2], str(folder.with_name("other"))]) == 1
    assert "export again, as before" in capsys.readouterr().err
