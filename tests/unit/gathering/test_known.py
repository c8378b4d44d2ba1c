"""What cannot be found out is said, and stops nothing (REQ-G6)."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from pipelines.gathering.known import known
from pipelines.promotion.evidence import Missing
from validator.errors import PendingError, TechnicalError

DENIED = ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "GetItem")


def test_what_is_found_is_returned() -> None:
    assert known(lambda: 3) == 3


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (DENIED, "AccessDenied"),
        (EndpointConnectionError(endpoint_url="https://example.com"), "Could not connect"),
        (TechnicalError("git is gone\n  mend: install it"), "git is gone"),
        (OSError("no such file"), "no such file"),
        (ValueError("not a Release"), "not a Release"),
    ],
)
def test_what_fails_is_missing_with_its_reason(error: Exception, reason: str) -> None:
    def find() -> int:
        raise error

    found = known(find)
    assert isinstance(found, Missing)
    assert reason in found.reason
    assert "mend" not in found.reason


@pytest.mark.parametrize(
    ("error", "passes"), [(PendingError("it is under way"), True), (TechnicalError("AWS is gone"), False)]
)
def test_what_passes_by_itself_says_so(error: Exception, passes: bool) -> None:
    def find() -> int:
        raise error

    assert known(find) == Missing(str(error), passes)


def test_a_fault_of_our_own_is_no_evidence() -> None:
    with pytest.raises(KeyError):
        known(lambda: {}["a"])
