"""Who sent a body (REQ-G9)."""

from __future__ import annotations

import hmac

import pytest

from pipelines.deployment_rule.signature import is_signed

from .asked import SECOND, SECRET, body, signed

BODY = body()


@pytest.mark.parametrize("secrets", [(SECRET,), (SECRET, SECOND), (SECOND, SECRET)])
def test_each_secret_counts_while_one_is_replaced(secrets: tuple[str, ...]) -> None:
    assert is_signed(BODY, signed(BODY), secrets)


def test_githubs_own_example() -> None:
    """The page on validating deliveries has it: secret, body and signature (the secret is short there)."""
    import hashlib
    import hmac

    text = b"Hello, World!"
    found = hmac.new(b"It's a Secret to Everybody", text, hashlib.sha256).hexdigest()
    assert found == "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "sha256=",
        signed(BODY)[:-1],
        signed(BODY) + "0",
        signed(BODY) + "\n",
        signed(BODY).upper(),
        signed(BODY).replace("sha256=", "sha1="),
        signed(BODY)[7:],
        signed(BODY, SECOND),
        signed(BODY + b" "),
        signed(b""),
        "sha256=" + "\u0660" * 64,
        "sha256=" + "0" * 64,
    ],
)
def test_nothing_else_does(header: str | None) -> None:
    assert not is_signed(BODY, header, (SECRET,))


@pytest.mark.parametrize("changed", [BODY[:-1], BODY + b"\n", BODY.replace(b"prod", b"Prod", 1), b""])
def test_every_byte_counts(changed: bytes) -> None:
    assert not is_signed(changed, signed(BODY), (SECRET,))


@pytest.mark.parametrize("secrets", [(), ("",), ("short",), (SECRET, "short"), (SECRET, SECOND, SECRET)])
def test_without_a_proper_secret_nothing_is_believed(secrets: tuple[str, ...]) -> None:
    """An empty secret would let anybody sign. The error quotes none."""
    with pytest.raises(ValueError, match="secret") as raised:
        is_signed(BODY, signed(BODY), secrets)
    assert SECRET not in str(raised.value)


def test_the_signature_is_compared_in_constant_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """REQ-G9: how long an answer takes tells nothing of how much of a signature was right."""
    compared: list[tuple[str, str]] = []

    def compare(one: str, two: str) -> bool:
        compared.append((one, two))
        return False

    monkeypatch.setattr(hmac, "compare_digest", compare)
    assert not is_signed(BODY, signed(BODY), (SECRET, SECOND))
    assert len(compared) == 2, "each secret is tried, whichever fits"
    assert all(signed(BODY) == f"sha256={given}" for _, given in compared)
