"""A check on a table and a store: what it waits for, how long, and what makes it begin again (REQ-C3)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache, partial
from typing import Any
from urllib.parse import unquote, urlsplit

import boto3
import botocore
import pytest
from botocore.awsrequest import AWSResponse
from botocore.config import Config

from functions.consistency.checking import Checking
from functions.consistency.words import fingerprint
from pipelines.configuration import ConfigurationStore, digest_of
from pipelines.configuration.keys import template_key
from pipelines.holding import LEASE
from pipelines.state.keys import StackKey
from pipelines.state.marshal import item
from pipelines.state.records import Alert, Census, EnvironmentRelease, Lock, Release, StackState
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
        self.db = LocalDynamoDB()
        self.db.create()
        self.table = StateStore(self.db.client, TABLE, lambda _seconds: None)
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


def odd_release(environment: str) -> dict[str, Any]:
    """A deployment that no version of Lockstep wrote."""
    return item({"pk": f"ENV#{WORKLOAD}#{environment}", "sk": "REL#00000099", "tag": TAG})


def test_an_odd_record_of_another_environment_stops_no_check(home: Home) -> None:
    """REQ-C3, REQ-P8: who deploys to staging writes staging's records, and decides nothing of dev's check."""
    home.now = START + 5 * MINUTE
    home.report()
    assert home.check(6) == ("consistent", False)
    home.db.client.put_item(TableName=TABLE, Item=odd_release("staging"))
    assert home.check(7) == ("consistent", False)
    gone = next(iter(home.table.states("dev", WORKLOAD)))
    seq = observed_seq(START, "DELETE_COMPLETE", gone.stack_id)
    home.table.record_state(
        replace(gone, status="DELETE_COMPLETE", observed_at=START + 8 * MINUTE, observed_seq=seq)
    )
    assert home.check(9) == ("inconsistent", False)
    assert home.alert() is not None


def test_an_odd_record_of_its_own_makes_a_check_unknown_with_an_alert(home: Home) -> None:
    """REQ-C3: the last verdict must not stand as if it were still known."""
    home.now = START + 5 * MINUTE
    home.report()
    assert home.check(6) == ("consistent", False)
    home.db.client.put_item(TableName=TABLE, Item=odd_release("dev"))
    assert home.check(7) == ("unknown", False)
    alert = home.alert()
    assert alert is not None
    assert "dev cannot be checked: ValueError" in alert.text


@pytest.mark.parametrize(
    "body", [b"[" * 200_000, b"[]", b"7", b"\xff"], ids=["deep", "list", "number", "bytes"]
)
def test_a_manifest_that_is_none_is_an_alert(home: Home, body: bytes) -> None:
    """REQ-C3: with its right digest too, which whoever deploys there records."""
    digest = digest_of(body)
    home.release = Release(WORKLOAD, "dev", "v666", "c", START, {"dev": digest})
    assert home.table.put_release(home.release)
    home.s3.objects[f"/b/dev/releases/{WORKLOAD}/v666/dev/manifest.json"] = body
    home.end(home.begin())
    assert home.check(6) == ("unknown", False)
    alert = home.alert()
    assert alert is not None
    assert "cannot be read by this version of Lockstep" in alert.text


def test_an_object_that_was_changed_by_hand_is_noticed_by_a_function_that_read_it_before(home: Home) -> None:
    """REQ-C8: a warm function keeps nothing that it read. One object of each kind."""
    home.checking = Checking(
        home.table, cache(partial(ConfigurationStore, home.s3.client, "b")), lambda: home.now
    )
    home.now, minute = START + 5 * MINUTE, 6
    home.report()
    folder, digest = f"/b/dev/releases/{WORKLOAD}/{TAG}/dev", manifest("dev").stacks[0].template_digest
    own = [f"{folder}/manifest.json", f"{folder}/parameters.json", f"/b/{template_key('dev', digest)}"]
    own += [key for key in home.s3.objects if "/policies/" in key]
    assert home.check(6) == ("consistent", False)
    for key in own:
        before, home.s3.objects[key] = home.s3.objects[key], b"changed by hand"
        minute += 1
        assert home.check(minute) == ("unknown", False), key
        alert = home.alert()
        assert alert is not None
        assert key.removeprefix("/b/") in alert.text
        home.s3.objects[key] = before


def test_a_deployment_that_died_is_an_alert_once_its_lock_ended(home: Home) -> None:
    """REQ-C3, REQ-G5: what nobody deploys any more must not stay unchecked for ever."""
    home.now = START + 10 * MINUTE
    lock = home.table.acquire_lock(WORKLOAD, "dev", "alex, run 1", home.now, LEASE)
    assert lock is not None
    home.begin()
    home.now = START + 12 * MINUTE
    lock = home.table.renew(lock, home.now, LEASE)
    assert lock is not None
    for minutes in (12, 14.9, 17.9):  # held, then within the grace
        assert home.check(minutes) == ("deploying", False)
    assert home.alert() is None
    assert home.check(18.1) == ("unknown", False)
    alert = home.alert()
    assert alert is not None
    assert f"the deployment of {TAG} by somebody died at 2026-03-02T09:45:00.000000Z" in alert.text
    assert f"run `lockstep deploy dev --release {TAG}`; it carries on" in alert.text
    home.check(60 * 24)
    assert home.alert() == alert, "it is said once"
    assert home.table.acquire_lock(WORKLOAD, "dev", "sam, run 2", home.now, LEASE)
    assert home.check(60 * 24 + 1) == ("deploying", False), "the next run carries on under its number"


def test_a_deployment_that_ends_while_its_lock_is_looked_at_is_no_dead_one(home: Home) -> None:
    """Its end is recorded, then the lock is given back; the check had read the beginning before."""
    home.now = START + 10 * MINUTE
    begun = home.begin()
    read = home.table.lock

    def ends(workload: str, environment: str, now: datetime) -> Lock | None:
        home.end(begun)
        return read(workload, environment, now)

    home.table.lock = ends  # type: ignore[method-assign]
    home.check(20)
    assert home.alert() is None
