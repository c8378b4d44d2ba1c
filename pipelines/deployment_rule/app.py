"""Speaking as a GitHub App: a short token, signed by a key that never leaves KMS. I/O (REQ-G9)

https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app/generating-a-json-web-token-jwt-for-a-github-app
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from .github import API, GitHub, GitHubError

if TYPE_CHECKING:
    from mypy_boto3_kms import KMSClient

BACK, AHEAD = timedelta(seconds=60), timedelta(minutes=5)
"""How far before the clock a token begins, and after it ends: GitHub takes ten minutes at most."""
PERMISSIONS = {"deployments": "write", "contents": "read", "checks": "read"}
"""What the token of an installation may: answer, read commits and tags, read check runs."""

Sign = Callable[[bytes], bytes]


@dataclass(frozen=True, slots=True)
class App:
    """A GitHub App by its id, and what signs for it."""

    number: int
    sign: Sign
    api: str = API

    def github(self, repository: str, installation: int, now: datetime) -> GitHub:
        """Return the API for one repository alone, by a token of an hour. Raises GitHubError."""
        as_app = GitHub(token(self.number, self.sign, now), self.api)
        body = {"repositories": [repository.partition("/")[2]], "permissions": PERMISSIONS}
        found = as_app.post("app", "installations", installation, "access_tokens", body=body)
        if not isinstance(found, dict) or not isinstance(found.get("token"), str) or not found["token"]:
            raise GitHubError("POST /app/installations without a token", 201)
        return GitHub(found["token"], self.api)


def token(app: int, sign: Sign, now: datetime) -> str:
    """Return the JSON web token of an app."""
    claims = {
        "iat": int((now - BACK).timestamp()),
        "exp": int((now + AHEAD).timestamp()),
        "iss": str(app),
    }
    unsigned = f"{_part({'alg': 'RS256', 'typ': 'JWT'})}.{_part(claims)}"
    return f"{unsigned}.{_text(sign(unsigned.encode()))}"


def by_kms(client: KMSClient, key: str) -> Sign:
    """Return what signs with an asymmetric key of KMS: the app's own, imported, with the usage SIGN_VERIFY."""

    def sign(message: bytes) -> bytes:
        # KMS's name for what JWT calls RS256.
        answer = client.sign(
            KeyId=key, Message=message, MessageType="RAW", SigningAlgorithm="RSASSA_PKCS1_V1_5_SHA_256"
        )
        return answer["Signature"]

    return sign


def _part(values: dict[str, Any]) -> str:
    return _text(json.dumps(values, separators=(",", ":")).encode())


def _text(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()
