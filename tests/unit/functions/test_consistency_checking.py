"""A check on a table and a store: what it waits for, how long, and what makes it begin again (REQ-C3)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import unquote, urlsplit

import boto3
import botocore
import pytest
from botocore.awsrequest import AWSResponse
from botocore.config import Config

from functions.consistency.checking import Checking
from functions.consistency.words import fingerprint
from pipelines.configuration import ConfigurationStore
from pipelines.state.keys import StackKey
from pipelines.state.records import Alert, Census, EnvironmentRelease, Release, StackState
from pipelines.state.sequence import observed_seq
from pipelines.state.store import StateStore
from tests.unit.consistency.releases import POLICY_FILE, ROOT, TAG, WORKLOAD, manifest, running, templates
from tests.unit.tracking.local import REGION, TABLE, LocalDynamoDB, answered

ENVIRONMENTS = ("dev", "staging", "prod")
START = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


class LocalS3:
    """A real client of S3 whose objects are in memory; `meanwhile` happens once, before the next object is read."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.meanwhile: Callable[[], Any] | None = None
        config = Config(
            signature_version=botocore.UNSIGNED,
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        )
        self.client: Any = boto3.client("s3", region_name=REGION, config=config)
        self.client.meta.events.register("before-send.s3", self._send)

    def _send(self, request: Any, **_kwargs: Any) -> AWSResponse:
        key = unquote(urlsplit(request.url).path)
        if request.method == "PUT":
            body = request.body
            self.objects[key] = body if isinstance(body, bytes) else body.read()
            return answered(request, 200, b"")
        happens, self.meanwhile = self.meanwhile, None
        if happens:
            happens()
        return answered(request, 200, self.objects[key])


class Home:
    """The release of dev, deployed and ended at START; `now` is the time of the checks."""

    def __init__(self) -> None:
        self.now, self.s3 = START, LocalS3()
        table = LocalDynamoDB()
        table.create()
        self.table = StateStore(table.client, TABLE, lambda _seconds: None)
        # What a store has read it keeps; each check here reads anew.
        self.checking = Checking(
            self.table, lambda by: ConfigurationStore(self.s3.client, "b", by), lambda: self.now
        )
        manifests = [manifest(environment) for environment in ENVIRONMENTS]
        bodies = {digest: body.encode() for digest, body in templates().items()}
        policy = (ROOT / POLICY_FILE).read_bytes()
        ConfigurationStore(self.s3.client, "b", "dev").put_release(manifests, bodies, policy)
        digests = {one.environment: one.digest for one in manifests}
        self.release = Release(WORKLOAD, "dev", TAG, "c", START, digests)
        assert self.table.put_release(self.release)
        self.end(self.begin())

    def begin(self) -> EnvironmentRelease:
        begun = self.table.begin_environment_release(self.release, self.now, "somebody")
        assert begun is not None
        return begun

    def end(self, begun: EnvironmentRelease) -> None:
        assert self.table.end_environment_release(WORKLOAD, "dev", begun.number, "succeeded", self.now)

    def report(self) -> None:
        """Let the agent of dev report every stack, each as the release has it."""
        stacks = list(running("dev").values())
        for one in stacks:
            key = StackKey(WORKLOAD, "dev", one.account, one.region, one.name)
            self.table.record_state(
                StackState(
                    key=key,
                    stack_id=one.name,
                    status=one.status,
                    reason="",
                    version=TAG,
                    commit="c",
                    released_at="",
                    operation_at=START,
                    observed_at=self.now,
                    recorded_at=self.now,
                    observed_seq=observed_seq(START, one.status, one.name),
                    template_digest=one.template_digest,
                    digest=one.digest,
                    parameters=one.parameters,
                    tags=one.tags,
                )
            )
        self.census(len(stacks))

    def census(self, stacks: int = 0) -> None:
        place = next(iter(running("dev").values()))
        self.table.record_census(Census(place.account, place.region, self.now, stacks))

    def check(self, minutes: float) -> tuple[str, bool]:
        """Check dev so long after the deployment; return the verdict, and whether it waits for more."""
        self.now = START + minutes * MINUTE
        result = self.checking.check(WORKLOAD, "dev")
        assert result.recorded
        return result.check.verdict, result.pending

    def alert(self) -> Alert | None:
        return self.table.alert(fingerprint(WORKLOAD, "dev"))


@pytest.fixture
def home() -> Home:
    return Home()


def test_what_is_waited_for_too_long_is_an_alert_until_it_came(home: Home) -> None:
    """REQ-C3: a check that never comes to a verdict must not look like one that found nothing."""
    assert home.check(34) == ("unknown", True)
    assert home.alert() is None
    assert home.check(36) == ("unknown", False)
    alert = home.alert()
    assert alert is not None
    assert (alert.kind, alert.state, alert.generation) == ("consistency", "found", 1)
    assert alert.subject == "dev orders cannot be checked"
    assert "has not reported since the deployment ended" in alert.text
    assert "docs/runbooks/silence.md" in alert.text
    home.check(51)
    assert home.alert() == alert, "it is said once"
    home.report()
    assert home.check(52) == ("consistent", False)
    alert = home.alert()
    assert alert is not None
    assert (alert.state, alert.generation) == ("resolved", 2)


@pytest.mark.parametrize("late", [False, True], ids=["something is missing", "the agent is late"])
def test_a_check_begins_again_where_a_deployment_began_meanwhile(home: Home, late: bool) -> None:
    """What was right a moment ago is not what this release says."""
    home.now = START + 5 * MINUTE
    if not late:
        home.census()
    home.s3.meanwhile = home.begin
    assert home.check(60) == ("deploying", False)
    assert home.alert() is None


def test_a_check_begins_again_where_a_deployment_ended_meanwhile(home: Home) -> None:
    """The agent reported before the end, so that it has to look again."""
    home.now = START + 5 * MINUTE
    home.census()
    home.s3.meanwhile = lambda: home.end(home.begin())
    assert home.check(60) == ("unknown", True)
    assert home.alert() is None


def test_without_a_deployment_meanwhile_the_same_is_an_alert(home: Home) -> None:
    home.now = START + 5 * MINUTE
    home.census()
    assert home.check(60) == ("inconsistent", False)
    assert home.alert() is not None
