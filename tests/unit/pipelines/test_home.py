"""A home that is not whole: what is lost or older is named, with its mend (REQ-C1)."""

from __future__ import annotations

from typing import Any

import botocore.session
import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from pipelines import home as module
from pipelines.aws import Aws
from pipelines.commands.deploy import Terminal
from pipelines.delivery import bring
from pipelines.home import BUCKET, TABLE, Home, LostTableError
from tests.state_table import KEY
from tests.unit.pipelines.test_status import stack
from validator.errors import ConfigurationError

READER = "arn:aws:iam::333333333333:role/shared-control-reader"
DEPLOYING = "arn:aws:iam::333333333333:role/shared-lockstep-deploy"


class Answering(Aws):
    """Home's AWS with botocore's own clients, whose answers are given."""

    def __init__(self, service: str, operation: str, error: str) -> None:
        super().__init__("us-west-2", DEPLOYING)
        session = botocore.session.Session()
        session.set_credentials("key", "secret")
        self.made = session.create_client(service, region_name="us-west-2")
        stubber = Stubber(self.made)
        for _ in range(2):
            if error:
                stubber.add_client_error(operation, error)
            else:
                stubber.add_response(operation, {"Role": ROLE})
        stubber.activate()

    def client(self, service: str, **_: Any) -> Any:
        return self.made


ROLE = {
    "Path": "/",
    "RoleName": "shared-control-reader",
    "RoleId": "AROA" + "A" * 16,
    "Arn": READER,
    "CreateDate": 0,
}


def refused(operation: str) -> ClientError:
    return ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, operation)


def test_a_table_that_is_gone_is_named_with_its_place_and_mend() -> None:
    aws = Answering("dynamodb", "get_item", "ResourceNotFoundException")
    found = Home(aws, "shared-control-state", "bucket", "333333333333")
    found.table()
    with pytest.raises(LostTableError) as error:
        found.table().state(KEY)
    for word in ("shared-control-state", "333333333333", "us-west-2", "status --live", "lost-home.md"):
        assert word in str(error.value)


def test_another_answer_of_the_table_stays_as_it_is() -> None:
    aws = Answering("dynamodb", "get_item", "ThrottlingException")
    with pytest.raises(ClientError, match="Throttling"):
        Home(aws, "shared-control-state", "bucket", "333333333333").table().state(KEY)


def _names(monkeypatch: pytest.MonkeyPatch, role_error: str, published: bool = True) -> Any:
    """Ask for home's names where the reader cannot be taken, and the deploy role's look at it ends as given."""
    deploying = Answering("iam", "get_role", role_error)

    def read(aws: Aws, names: Any) -> dict[str, str]:
        if aws.role_arn == READER:
            raise refused("AssumeRole")
        return {TABLE: "t", BUCKET: "b"} if published else {}

    monkeypatch.setattr(module, "read_parameters", read)
    monkeypatch.setattr(module, "Aws", lambda *_: deploying)
    return module._names(Aws("us-west-2", READER), stack())


def test_a_home_without_the_role_is_older_than_the_checkout(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(
        ConfigurationError,
        match=r"(?s)older than this checkout, or its deployment did not end.*lockstep deploy shared",
    ):
        _names(monkeypatch, "NoSuchEntity")


@pytest.mark.parametrize("answer", ["", "AccessDenied"])
def test_a_refusal_stands_where_the_role_is_there_or_nobody_may_say(
    monkeypatch: pytest.MonkeyPatch, answer: str
) -> None:
    with pytest.raises(ClientError, match="AssumeRole"):
        _names(monkeypatch, answer)


def test_where_nothing_is_published_there_is_no_home(monkeypatch: pytest.MonkeyPatch) -> None:
    assert _names(monkeypatch, "NoSuchEntity", published=False) == {}


def test_only_the_deployment_of_the_home_goes_on_without_its_table(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def lost(*_: Any) -> None:
        raise LostTableError("shared-control-state", "333333333333", "us-west-2")

    monkeypatch.setattr("pipelines.delivery.bring.begin", lost)
    nothing: Any = None
    shown = Terminal(quiet=True)
    assert bring._begin(nothing, "shared", nothing, shown, nothing, nothing) is None
    assert "warning: the state table shared-control-state is gone" in capsys.readouterr().err
    with pytest.raises(LostTableError):
        bring._begin(nothing, "dev", nothing, shown, nothing, nothing)
