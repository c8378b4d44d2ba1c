"""Reading the store where S3 refuses: what a sandbox that lists for everybody cannot show (REQ-C8)."""

from __future__ import annotations

import io
from typing import Any

import botocore.session
import pytest
from botocore.exceptions import ClientError
from botocore.response import StreamingBody
from botocore.stub import Stubber

from pipelines.configuration import ConfigurationStore, ObjectMissingError
from pipelines.configuration.store import LARGEST
from validator.errors import TechnicalError

DIGEST = "sha256:" + "a" * 64


def stubbed() -> tuple[Any, Stubber]:
    session = botocore.session.Session()
    session.set_credentials("111111111111", "s")
    client = session.create_client("s3", region_name="us-west-2")
    return client, Stubber(client)


@pytest.mark.parametrize(("code", "status"), [("NoSuchKey", 404), ("AccessDenied", 403)])
def test_an_object_that_is_not_there_is_an_answer_and_no_fault(code: str, status: int) -> None:
    """S3 says 403 for it to whoever may not list the bucket, as the functions may not."""
    client, stubber = stubbed()
    stubber.add_client_error("get_object", code, http_status_code=status)
    with stubber, pytest.raises(ObjectMissingError, match="dev/templates/sha256/aaa"):
        ConfigurationStore(client, "b", "dev").template(DIGEST)


@pytest.mark.parametrize("code", ["SlowDown", "InternalError"])
def test_what_passes_by_itself_stays_a_fault_of_aws(code: str) -> None:
    client, stubber = stubbed()
    stubber.add_client_error("get_object", code, http_status_code=503)
    with stubber, pytest.raises(ClientError, match=code):
        ConfigurationStore(client, "b", "dev").template(DIGEST)


def test_what_no_release_can_hold_is_not_read() -> None:
    """REQ-C8: who may write one object must not exhaust the memory of those who read it."""
    client, stubber = stubbed()
    body = io.BytesIO(b"x")
    stubber.add_response(
        "get_object", {"ContentLength": LARGEST + 1, "Body": StreamingBody(body, LARGEST + 1)}
    )
    with stubber, pytest.raises(TechnicalError, match="are read at most"):
        ConfigurationStore(client, "b", "dev").template(DIGEST)
    assert body.tell() == 0
