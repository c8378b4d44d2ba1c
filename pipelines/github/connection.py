"""Which repository, which API, with which token: from the variables that GitHub Actions sets, or the git remote."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from validator.errors import ConfigurationError, Problem

API = "https://api.github.com"
TOKENS = ("GH_TOKEN", "GITHUB_TOKEN")
"""The variables that a token is taken from, the first that is set: `gh` prefers them in this order too."""
TOKEN = " or ".join(TOKENS)
_OWNER, _NAME = r"[A-Za-z0-9](?:[A-Za-z0-9_-]{0,98}[A-Za-z0-9])?", r"[A-Za-z0-9._-]{1,100}"
_REPOSITORY = re.compile(rf"({_OWNER})/({_NAME})")
_REMOTE = re.compile(
    rf"(?:(?:https|ssh|git)://(?:[^@/]*@)?[^/@]+/|(?:[^@/:]+@)?[^/:@]+:)({_OWNER})/({_NAME}?)(?:\.git)?/?"
)


@dataclass(frozen=True, slots=True)
class Connection:
    """Where to ask, and as whom. The token is in no text of this value."""

    api: str
    owner: str
    name: str
    token: str = field(repr=False)

    @property
    def repository(self) -> str:
        """The repository as GitHub writes it: `owner/name`."""
        return f"{self.owner}/{self.name}"


def connection(variables: Mapping[str, str], root: Path) -> Connection:
    """Return the connection that the variables of the environment, and the git remote `origin` of `root`, name.

    Raises ConfigurationError with everything that is missing or wrong. The token and the remote, which may hold one,
    are never quoted.
    """
    problems: list[Problem] = []
    api, owner, name, token = "", "", "", ""
    try:
        api = _api(variables.get("GITHUB_API_URL") or API)
    except ConfigurationError as error:
        problems += error.problems
    try:
        owner, name = _repository(variables.get("GITHUB_REPOSITORY"), root)
    except ConfigurationError as error:
        problems += error.problems
    try:
        token = _token(variables)
    except ConfigurationError as error:
        problems += error.problems
    if problems:
        raise ConfigurationError(problems)
    return Connection(api, owner, name, token)


def _api(url: str) -> str:
    hint = f"write it as {API}, or as https://HOST/api/v3 for a server of your own"
    try:
        parts = urlsplit(url)
        host, user, _ = parts.hostname, parts.username, parts.port
    except ValueError:
        raise ConfigurationError.single("is no address", key="GITHUB_API_URL", hint=hint) from None
    if user is not None or parts.query or parts.fragment or not host or re.search(r"[\s\x00-\x1f]", url):
        message = "is no address of an API: it has a scheme, a host and a path alone"
        raise ConfigurationError.single(message, key="GITHUB_API_URL", hint=hint)
    if parts.scheme != "https" and not (parts.scheme == "http" and _is_loopback(host)):
        message = "is not https, and the token would go over the network in clear"
        raise ConfigurationError.single(message, key="GITHUB_API_URL", hint=hint)
    return url.rstrip("/")


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _repository(given: str | None, root: Path) -> tuple[str, str]:
    if given:
        found = _REPOSITORY.fullmatch(given)
        if not found or set(found[2]) == {"."}:
            hint = "write OWNER/NAME, as GitHub Actions does"
            raise ConfigurationError.single(f"{given!r} is no repository", key="GITHUB_REPOSITORY", hint=hint)
        return found[1], found[2]
    found = _REMOTE.fullmatch(_remote(root))
    if not found or set(found[2]) == {"."}:
        raise ConfigurationError.single(
            "nothing says which repository is meant: the git remote `origin` is none of GitHub's",
            key="GITHUB_REPOSITORY",
            hint="set GITHUB_REPOSITORY=OWNER/NAME, or run it in a clone of the repository",
        )
    return found[1], found[2]


def _remote(root: Path) -> str:
    """Return the address of `origin`; empty where there is none, or no git."""
    command = ["git", "-C", str(root), "remote", "get-url", "origin"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError, UnicodeDecodeError):
        return ""


def _token(variables: Mapping[str, str]) -> str:
    name = next((name for name in TOKENS if variables.get(name, "").strip()), None)
    if name is None:
        hint = "set it to a token with administration of the repository; docs/github.md says which"
        raise ConfigurationError.single("no token is set", key=TOKEN, hint=hint)
    token = variables[name].strip()
    # Of anything else requests would quote the whole header in its error.
    if not re.fullmatch(r"[A-Za-z0-9._~+/=-]{1,4096}", token):
        hint = "set it again, without blanks and line ends inside"
        raise ConfigurationError.single("holds what is no token", key=name, hint=hint)
    return token
