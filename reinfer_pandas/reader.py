"""The one reader, and the client that it uses when it is given none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, overload

from reinfer_pandas.client import Client

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd

_signed_in: dict[str, Client] = {}
"""The client that `login` set: the one global state of this package."""


def default_client() -> Client:
    """Return the client that `login` set, or one of the environment's settings.

    Raises
    ------
    ConfigurationError
        Neither is there.
    """
    return _signed_in.get("default") or Client()


def signed_in() -> Client | None:
    """Return the client that `login` set; None where it set none."""
    return _signed_in.get("default")


def set_default_client(client: Client | None) -> None:
    """Make a client the one that `read_reinfer` uses when it is given none."""
    _signed_in.clear()
    if client is not None:
        _signed_in["default"] = client


@overload
def read_reinfer(
    resource: str, *, client: Client | None = None, chunksize: int, **options: Any
) -> Iterator[pd.DataFrame]: ...


@overload
def read_reinfer(
    resource: str, *, client: Client | None = None, chunksize: None = None, **options: Any
) -> pd.DataFrame: ...


def read_reinfer(
    resource: str, *, client: Client | None = None, **options: Any
) -> pd.DataFrame | Iterator[pd.DataFrame]:
    """Read a Re:infer resource into a DataFrame.

    Parameters
    ----------
    resource : str
        A resource path, such as ``datasets``, ``sources/acme/inbox/comments`` or
        ``datasets/acme/claims/comments``; or a raw API path that begins with ``/api/`` or
        ``/auth/``.
    client : Client, optional
        The connection; by default the one of `login`, else of ``REINFER_ENDPOINT`` and
        ``REINFER_TOKEN``.
    start, end : timestamp, optional
        The earliest and the latest `timestamp` of a comment, both inclusive; anything that
        `pandas.Timestamp` takes, UTC where no zone is given.
    reviewed : bool, optional
        Only comments that people have reviewed, or only the others.
    labels, exclude_labels : str or list of str, optional
        With any, or with none, of these labels; parts are joined by `` > ``.
    user_properties : dict, optional
        By name, a value, a list of values, or a range of numbers as a tuple or slice, both ends
        inclusive: ``{"Team": ["Motor", "Home"], "Priority": (1, 3)}``. ``string:`` or ``number:``
        before the name is found from the value.
    senders, recipients : str or list of str, optional
        From, or to, any of these addresses.
    sources : str or list of str, optional
        Names or ids.
    attachments : bool, str or list of str, optional
        With or without; or with extensions or media types.
    text : str, optional
        The comments that match these words best come first.
    order : str or dict, optional
        ``"recent"``, ``"sample"`` with `seed`, ``"by_label"``, …; or as the API has it.
    filter, attribute_filters : dict, list of dict, optional
        As the API has them, beside the others.
    model_version : int or str, optional
        A number, ``"live"`` or ``"staging"``: dataset comments come with that model's predictions,
        asked for page by page and joined by uid; one without an answer has no `model_version`.
        `threshold` is their least probability. The platform may bill predictions, by the text or
        comment, so they aren't asked for again after a timeout, unless ``idempotent=True``.
    limit : int, optional
        Rows wanted.
    page_size : int, optional
        Rows asked for at once; by default as many as the platform gives.
    columns : list of str, optional
        The columns wanted, in this order.
    dtype_backend : {"numpy_nullable", "pyarrow"}, optional
        Kind of dtypes, as in `pandas.read_parquet`.
    timing : {"row"}, optional
        Adds the columns ``server_timing_ms`` and ``request`` to each row; with `chunksize`,
        ``request`` counts through the whole read.
    chunksize : int, optional
        Gives an iterator of frames of so many rows; no more than a few pages for each worker are
        in memory at once. Closing it ends the read.
    workers : int, optional
        Requests under way at once, 1 to 16; by default the client's, 4. Where the rows are ordered
        by time, parts of the range are read side by side; the frame is that of one read.
    progress : bool, optional
        Shows one line on stderr: always, or never; by default after a second, when a person is
        watching.
    **options
        What else a resource takes, such as ``texts``, ``uids`` or ``label``:
        ``resources(resource)`` lists it.
    method, params, json, records, idempotent
        Of a raw path: HTTP method, query, body, the key that holds the records, whether it may be
        sent twice.

    Returns
    -------
    DataFrame, shape (rows, columns), or an iterator of them
        ``df.attrs["server_timing_ms"]`` is the platform's own time for it [ms], and
        ``df.reinfer.requests()`` the log of the requests behind it.

    Raises
    ------
    ConfigurationError
        Before any request: no token, no such resource or option, a value it doesn't take.
    APIError
        The platform answered with an error.
    NetworkError
        It gave no usable answer.
    ResponseError
        Its answer isn't what the API's guide says.

    Examples
    --------
    >>> import reinfer_pandas as rp
    >>> with rp.sandbox(comments=500) as client:
    ...     df = rp.read_reinfer("datasets/acme/claims/comments", client=client, limit=100)
    >>> df.shape[0], df["timestamp"].dtype
    (100, datetime64[us, UTC])
    """
    read: pd.DataFrame | Iterator[pd.DataFrame] = (client or default_client()).read(
        resource, **options
    )
    return read
