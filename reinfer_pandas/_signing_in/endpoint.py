"""The tenant's base URL, made of whatever form of it a user has at hand."""

from __future__ import annotations

import ipaddress
import re
from typing import NoReturn
from urllib.parse import SplitResult, urlsplit

from reinfer_pandas.exceptions import ConfigurationError

ACCEPTED = (
    "Accepted is a tenant's address, such as "
    "https://cloud.uipath.com/<organisation>/<tenant>/reinfer_ or https://<mydomain>.reinfer.io; "
    "the address of one of its pages in the browser, or of its API, will do."
)
"""What every refusal ends with."""

_SERVICE = "reinfer_"
"""Path segment that ends the base URL of a UiPath-onboarded tenant."""

_UIPATH = ("uipath.com", "uipath.us")
_STANDALONE = ("reinfer.io", "reinfer.dev")
_AFTER_API = ("v1", "_private", "preview", "api")
"""What follows ``api`` where the API's own path begins, if anything."""

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
_LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_HOST_NAME = re.compile(rf"(?=.{{1,253}}\Z){_LABEL}(?:\.{_LABEL})*")
_SEGMENT = re.compile(r"[A-Za-z0-9._~-]+")
_ENDS_IN_NUMBER = re.compile(r"(?:.*\.)?(?:[0-9]+|0x[0-9a-f]*)")
_DEVIATIONS = re.compile("[ßς\u200c\u200d]")
"""Letters that IDNA 2003 and IDNA 2008 turn into different hosts."""


def normalise_endpoint(text: str) -> str:
    """Return the base URL of a tenant, below which the API's paths are appended.

    ======================================================  =====================================
    given                                                   base
    ======================================================  =====================================
    ``https://cloud.uipath.com/org/tenant/reinfer_/``       ``…/org/tenant/reinfer_``
    a page of it: ``…/org/tenant/reinfer_/datasets/a/b``    the same
    its API: ``…/org/tenant/reinfer_/api/v1``               the same
    ``cloud.uipath.com/org/tenant/reinfer_``                the same, by https
    ``https://mydomain.reinfer.io/some/page``               ``https://mydomain.reinfer.io``
    any other host, a reverse proxy: ``…/prefix/api/v1``    ``…/prefix``
    ======================================================  =====================================

    Parameters
    ----------
    text : str
        As pasted: blanks and slashes around it don't matter, nor does the case of the host.

    Returns
    -------
    str
        Scheme, host, port (unless it is the scheme's own) and path, without a slash at the end.

    Raises
    ------
    ConfigurationError
        For ``http`` to any but a loopback address, a user name or password, a query, a fragment,
        a percent-encoded or otherwise odd character in the base, a bad host or port. The message
        never repeats what was given but for host and base path: it may be a token gone astray.

    Notes
    -----
    Source: Re:infer API guide, API endpoint; UiPath Communications Mining, API documentation.

    Examples
    --------
    >>> normalise_endpoint("https://cloud.uipath.com/acme/prod/reinfer_/datasets/acme/claims")
    'https://cloud.uipath.com/acme/prod/reinfer_'
    """
    parts = _split(text)
    host, secure = _host(parts), parts.scheme == "https"
    if not _SCHEME.match(text.strip()) and not _is_address(host):
        _refuse("The endpoint is no address; is it the token, given in its place?")
    if not secure and not is_loopback(host):
        _refuse(
            f"The endpoint's scheme is {parts.scheme}, but a token is sent by https only "
            "(by http to this machine itself, 127.0.0.1 or localhost)."
        )
    origin = f"{parts.scheme}://{f'[{host}]' if ':' in host else host}{_port(parts)}"
    base = "/".join((origin, *_base_path(origin, host, parts.path)))
    for part, found in (("query", "?" in text), ("fragment", "#" in text)):
        if found:
            _refuse(f"The endpoint has a {part}; give {base} alone.")
    return base


def is_loopback(host: str) -> bool:
    """Tell whether a host is this machine: localhost, 127.0.0.0/8 or ::1."""
    if host == "localhost":
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    return address == ipaddress.IPv6Address(1) or address in ipaddress.ip_network("127.0.0.0/8")


def _refuse(message: str) -> NoReturn:
    raise ConfigurationError(message, hint=ACCEPTED)


def _split(text: str) -> SplitResult:
    """Split a URL whose characters can be trusted; without a scheme, it is https."""
    if not isinstance(text, str):
        _refuse(f"The endpoint must be text, not {type(text).__name__}.")
    text = text.strip()
    if not text:
        _refuse("The endpoint is empty.")
    for position, character in enumerate(text, start=1):
        if character.isspace() or not character.isprintable() or character == "\\":
            kind = "a backslash" if character == "\\" else "a blank or control character"
            _refuse(f"The endpoint has {kind} at position {position}.")
    if not _SCHEME.match(text):
        if re.match(r"https?:", text, re.IGNORECASE):
            _refuse("The endpoint's scheme must be followed by two slashes, https://.")
        text = f"https://{text.lstrip('/')}"
    try:
        parts = urlsplit(text)
    except ValueError:
        parts = SplitResult("https", "", "", "", "")
    if "@" in parts.netloc:
        _refuse("The endpoint has a user name or password; sign in with a token instead.")
    return parts


def _host(parts: SplitResult) -> str:
    """Return the host in lower case and ASCII, an IPv6 address without its brackets."""
    host = (parts.hostname or "").removesuffix(".")
    if _DEVIATIONS.search(host):
        _refuse("The endpoint's host could mean two names; give it in ASCII, as xn--….")
    try:
        if ":" in host and "%" not in host:
            return ipaddress.IPv6Address(host).compressed
        host = host.encode("idna").decode("ascii").lower()
        if _ENDS_IN_NUMBER.fullmatch(host):
            return str(ipaddress.IPv4Address(host))
    except ValueError:
        host = ""
    if not _HOST_NAME.fullmatch(host):
        _refuse("The endpoint has no host, or one that can't be.")
    return host


def _is_address(host: str) -> bool:
    """Tell whether a host given without a scheme can be meant as one."""
    return "." in host or ":" in host or host == "localhost"


def _port(parts: SplitResult) -> str:
    """Return the port with its colon; nothing where it is the scheme's own."""
    try:
        port = parts.port
    except ValueError:
        port = 0
    if port == 0:
        _refuse("The endpoint's port must be a number from 1 to 65535.")
    own = {"https": 443, "http": 80}[parts.scheme]
    return "" if port in (None, own) else f":{port}"


def _base_path(origin: str, host: str, path: str) -> list[str]:
    """Return the segments of the path that belong to the base."""
    segments = [segment for segment in path.split("/") if segment]
    onboarded = _is_below(host, _UIPATH)
    if _SERVICE in segments and not (onboarded and segments.index(_SERVICE) != 2):
        base = segments[: segments.index(_SERVICE) + 1]
    elif onboarded:
        _refuse(f"The endpoint lacks a part of its path{_completed(origin, segments)}.")
    elif _is_below(host, _STANDALONE):
        base = []
    else:
        base = segments[: _api_at(segments)]
    for segment in base:
        if not _SEGMENT.fullmatch(segment) or segment in (".", ".."):
            _refuse(
                "The endpoint's path may hold letters, digits and . _ ~ - only, "
                "nothing percent-encoded, and no dots alone between slashes."
            )
    return base


def _completed(origin: str, segments: list[str]) -> str:
    """Return, after a colon, what a UiPath address should have been, where that can be told."""
    names = segments[:2]
    told = len(names) == 2 and all(
        _SEGMENT.fullmatch(name) and not name.endswith("_") for name in names
    )
    return f": {origin}/{names[0]}/{names[1]}/{_SERVICE}" if told else ""


def _api_at(segments: list[str]) -> int:
    """Return where the API's own path begins; the end, where it doesn't."""
    for position, segment in enumerate(segments):
        below = segments[position + 1 : position + 2]
        if segment == "api" and (not below or below[0] in _AFTER_API):
            return position
    return len(segments)


def _is_below(host: str, domains: tuple[str, ...]) -> bool:
    return any(host == domain or host.endswith(f".{domain}") for domain in domains)
