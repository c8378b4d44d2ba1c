"""Speaking as a GitHub App (REQ-G9)."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from pipelines.deployment_rule.app import App, token
from pipelines.deployment_rule.github import GitHub, GitHubError

from .asked import NOW, REPOSITORY
from .double import Double, serving

KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def sign(message: bytes) -> bytes:
    """Sign as KMS does with RSASSA_PKCS1_V1_5_SHA_256."""
    return KEY.sign(message, padding.PKCS1v15(), hashes.SHA256())


def part(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def test_a_token_is_rs256_and_ends_within_githubs_ten_minutes() -> None:
    head, claims, signature = token(302, sign, NOW).split(".")
    assert json.loads(part(head)) == {"alg": "RS256", "typ": "JWT"}
    found = json.loads(part(claims))
    assert found == {
        "iat": int(NOW.timestamp()) - 60,
        "exp": int(NOW.timestamp()) + 300,
        "iss": "302",
    }
    KEY.public_key().verify(part(signature), f"{head}.{claims}".encode(), padding.PKCS1v15(), hashes.SHA256())
    assert "=" not in head + claims + signature


@contextmanager
def github() -> Iterator[Double]:
    with serving(Double()) as double:
        yield double


def test_the_token_of_an_installation_is_for_one_repository_and_few_permissions() -> None:
    with github() as double:
        found = App(302, sign, double.url).github(REPOSITORY, 42, NOW)
        assert found.token == double.token
        (asked,) = double.asked
        assert asked.path == "/app/installations/42/access_tokens"
        assert asked.body == {
            "repositories": ["lockstep"],
            "permissions": {"deployments": "write", "contents": "read", "checks": "read"},
        }


@pytest.mark.parametrize("answer", [{}, {"token": ""}, {"token": 5}, [], "x"])
def test_an_odd_token_is_an_error(answer: Any) -> None:
    with github() as double:
        double.answers["/app/installations/42/access_tokens"] = (201, answer)
        with pytest.raises(GitHubError, match="token"):
            App(302, sign, double.url).github(REPOSITORY, 42, NOW)


@pytest.mark.parametrize("api", ["http://api.github.com", "ftp://localhost", "api.github.com", ""])
def test_a_token_never_goes_in_clear(api: str) -> None:
    with pytest.raises(ValueError, match="https"):
        GitHub("secret", api)


def test_no_message_has_the_token_and_no_redirect_is_followed() -> None:
    with github() as double:
        found = GitHub("top-secret", double.url)
        assert "top-secret" not in repr(found)
        double.answers["/x"] = (302, {})
        with pytest.raises(GitHubError, match="answered 302") as raised:
            found.get("x")
        assert "top-secret" not in str(raised.value)
        assert len(double.asked) == 1
    with pytest.raises(GitHubError, match="did not answer") as raised:
        found.get("x")
    assert raised.value.status == 0
    with pytest.raises(ValueError, match="segment"):
        found.get("repos", "..", "x")
