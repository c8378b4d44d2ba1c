"""Regions whose agents have to report, and which of them say nothing (REQ-C2, REQ-C9). Pure.

A region has to report once it did, or once a deployment into one of its account's environments succeeded that brought
an agent there. It need not any more when the last such deployment brought none.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from pipelines.state.records import Alert, Census, EnvironmentRelease, StackKey
from pipelines.state.times import timestamp

from .alerts import alert_on
from .passes import OVERDUE
from .track import Accounts

SHARED = "shared"
"""What belongs to no environment lies in the account of one: its silence is that one's."""
MOST_PLACES = 200
"""More accounts and regions than an environment has."""

_REGION = re.compile(r"[a-z]{2,4}(-[a-z]{1,16}){1,3}-\d{1,2}")


@dataclass(frozen=True, slots=True)
class Watched:
    """An account and region with an agent: the environments of the account, and since when nothing was heard.

    That is since its last report, which counted so many `stacks`; None where it never reported, since the deployment.
    """

    account: str
    region: str
    environments: tuple[str, ...]
    since: datetime
    stacks: int | None

    def is_silent(self, now: datetime) -> bool:
        """Whether it should have reported meanwhile."""
        return now - self.since > OVERDUE


def watched(
    censuses: Iterable[Census],
    accounts: Accounts,
    deployed: Mapping[str, EnvironmentRelease],
    alerts: Iterable[Alert],
) -> Iterator[Watched]:
    """Yield the regions that have to report. `deployed` is the last deployment of each environment that succeeded.

    One that never reported and whose alert is open among `alerts` is silent since then: deploying again is no report.
    """
    missed = {alert.fingerprint: alert.changed_at for alert in alerts}
    wanted = {
        place: one.ended_at
        for environment, one in deployed.items()
        for place in agent_places(environment, one, accounts)
        if one.ended_at
    }
    for census in censuses:
        account, region = census.account, census.region
        since = wanted.pop((account, region), None)
        environments = accounts.environments_of(account)
        if environments and (since or not _is_left(environments, deployed, accounts)):
            yield Watched(account, region, environments, census.observed_at, census.stacks)
    for (account, region), ended_at in wanted.items():
        if environments := accounts.environments_of(account):
            since = min(ended_at, missed.get(silence_fingerprint(account, region), ended_at))
            yield Watched(account, region, environments, since, None)


def agent_places(
    environment: str, deployment: EnvironmentRelease, accounts: Accounts
) -> tuple[tuple[str, str], ...]:
    """Return the accounts and regions that a deployment names, of its environment's accounts alone (REQ-P8).

    Who deploys the environment writes the record, and says nothing about an account of another.
    """
    own = accounts.by_environment.get(environment, frozenset())
    named = (place.partition("/") for place in deployment.places[:MOST_PLACES])
    return tuple(
        (account, region) for account, _, region in named if account in own and _REGION.fullmatch(region)
    )


def _is_left(
    environments: Iterable[str], deployed: Mapping[str, EnvironmentRelease], accounts: Accounts
) -> bool:
    """Whether each environment of an account says where its agents are: then a region that none names has none."""
    own = [name for name in environments if name != SHARED]
    return bool(own) and all(
        name in deployed and agent_places(name, deployed[name], accounts) for name in own
    )


def silence_fingerprint(account: str, region: str) -> str:
    """Return the name of a region's silence."""
    return f"silence:{account}:{region}"


def silence_alert(place: Watched) -> Alert:
    """Return the alert of a region whose agent does not report any more, or never did."""
    own = [name for name in place.environments if name != SHARED] or list(place.environments)
    since, never = timestamp(place.since), place.stacks is None
    agent = f"The agent of {place.region} in account {place.account}"
    return alert_on(
        kind="silence",
        key=StackKey("-", own[0] if len(own) == 1 else "-", place.account, place.region, "-"),
        severity="critical",
        at=place.since,
        subject=f"nothing {'ever ' if never else ''}heard from {place.region} of {place.account}",
        text=f"{agent} never reported, since a deployment at {since} brought it there."
        if never
        else f"{agent} last reported at {since}.",
        digest_of="silent",
        detail={
            "last_report": None if never else since,
            "deployed": since if never else None,
            "stacks": place.stacks,
            "environments": list(place.environments),
        },
        name=silence_fingerprint(place.account, place.region),
    )
