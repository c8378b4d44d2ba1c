"""The settings of who is told of alerts, and of what (REQ-C5)."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from .base import Model, broken

Environment = Literal["dev", "staging", "prod", "shared"]
Severity = Literal["info", "warning", "critical"]
BY_HAND = (
    "what lies in the repository is no secret: give an address without one, or subscribe this one by hand from Secrets "
    "Manager, as docs/control-plane.md has it"
)
LOGICAL_ID = 255 - len("ValidationSubscription")
"""What of a logical id is left for a subscription's own words."""


_TOKEN = re.compile(
    r"(?=\w*[0-9])(?=\w*[A-Za-z])\w{20,}|[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", re.ASCII
)


def secret_in(url: str) -> str:
    """Return what of an address may be a secret, in words; empty where nothing looks like one.

    Webhooks carry theirs as user info, in the query, or as a part of the path that nobody would choose as a name.
    """
    place, _, query = url.partition("?")
    host, _, path = place.partition("://")[2].partition("/")
    if "@" in host:
        return "a user or password"
    if query:
        return "a query, which is where tokens stand"
    return "a part that looks like a token" if _TOKEN.search(path) else ""


class Subscription(Model):
    """Somebody or something that is told; by default of every environment and of all that is wrong (REQ-C5)."""

    protocol: Literal["email", "https"]
    endpoint: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9@:/._+?=&%~-]{6,400}$")]
    environments: list[Environment] = Field(default=["dev", "staging", "prod", "shared"], min_length=1)
    severities: list[Severity] = Field(default=["warning", "critical"], min_length=1)

    @model_validator(mode="after")
    def _reachable(self) -> Self:
        if self.protocol == "https" and (held := secret_in(self.endpoint)):
            # The address itself is left out: what is said ends in logs.
            raise broken("endpoint", f"endpoint holds {held}; {BY_HAND}")
        is_url, is_address = self.endpoint.startswith("https://"), "@" in self.endpoint
        if is_url if self.protocol == "email" else not is_url:
            raise broken("endpoint", f"endpoint {self.endpoint} is not for the protocol {self.protocol}")
        if self.protocol == "email" and not is_address:
            raise broken("endpoint", f"endpoint {self.endpoint} is no e-mail address")
        if len(self.words) > LOGICAL_ID:
            raise broken(
                "endpoint",
                f"endpoint {self.endpoint} is too long by {len(self.words) - LOGICAL_ID} letters and digits to name a "
                "subscription; give a shorter address that forwards to it",
            )
        return self

    @property
    def words(self) -> str:
        """The letters and digits of the entry: what CloudFormation makes the logical ids of (Fn::ForEach)."""
        return re.sub("[^A-Za-z0-9]", "", self.entry)

    @property
    def entry(self) -> str:
        """The subscription in one text, `protocol|endpoint|environments|severities`, lists joined by a dash."""
        return "|".join(
            [self.protocol, self.endpoint, "-".join(self.environments), "-".join(self.severities)]
        )


class Notifications(Model):
    """Who is told (REQ-C5); nobody, until somebody is written down."""

    DERIVED: ClassVar[Mapping[str, tuple[str, ...]]] = {"entries": ("subscriptions",)}

    subscriptions: list[Subscription] = Field(default=[])

    @model_validator(mode="after")
    def _apart(self) -> Self:
        for first, second in itertools.combinations(self.subscriptions, 2):
            if first.words == second.words:
                raise broken(
                    "subscriptions",
                    f"subscriptions {first.entry} and {second.entry} have the same letters and digits, of which the "
                    "template makes their names; keep one of them",
                )
        return self

    @property
    def entries(self) -> list[str]:
        """Each subscription in one text, for a parameter that is a list."""
        return [subscription.entry for subscription in self.subscriptions]
