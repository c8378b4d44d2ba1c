"""Announcing alerts on SNS topics: each generation once, and none lost (REQ-C4, REQ-C5).

Publish comes first, the mark after it: a crash in between announces a generation twice, the other order could lose it.
The message carries its id, by which a receiver drops the second.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pipelines.state.records import Alert, EnvironmentRelease
from pipelines.state.store import StateStore

from . import deployments
from .messages import Message, Topic, least, message

REFUSED = frozenset({"InvalidParameter", "ParameterValueInvalid", "ValidationException"})
"""Codes by which SNS says that the message itself is wrong: it is at the next try too (SNS API reference, Publish)."""


class Announcer:
    """Publishes alerts; `sns` is a client of SNS, `topics` the ARN of each topic, `runbooks` their folder's URL."""

    def __init__(self, store: StateStore, sns: Any, topics: Mapping[Topic, str], runbooks: str) -> None:
        self._store, self._sns, self._topics, self._runbooks = store, sns, topics, runbooks

    def announce(self, alert: Alert) -> bool:
        """Announce an alert as it stood, unless that was done; True where this call did.

        Raises botocore's errors when SNS or the table does not answer: whoever called tries again, nothing is lost.
        """
        from botocore.exceptions import ClientError

        standing = self._store.alert(alert.fingerprint)
        if standing is not None and standing.announced_generation >= alert.generation:
            return False
        if standing is not None:
            # Whoever overtakes the stream tells of what it did not come to: it will not come to that again.
            alert = replace(alert, announced_generation=standing.announced_generation)
        try:
            self._publish(message(alert, self._runbooks))
        except ClientError as error:
            if error.response["Error"]["Code"] not in REFUSED:
                raise
            # Less is said than is known, so that this one does not hold up all that follow.
            self._publish(least(alert, self._runbooks))
        self._store.mark_announced(alert.fingerprint, alert.generation)
        return True

    def announce_deployment(self, release: EnvironmentRelease) -> bool:
        """Announce a deployment that succeeded or was taken back, unless that was done; True where this call did.

        Raises botocore's errors when SNS or the table does not answer.
        """
        place = release.workload, release.environment, release.number
        if self._store.deployment_is_announced(*place, release.state):
            return False
        self._publish(deployments.message(release, self._runbooks))
        self._store.mark_deployment_announced(*place, release.state)
        return True

    def _publish(self, said: Message) -> None:
        self._sns.publish(
            TopicArn=self._topics[said.topic],
            Subject=said.subject,
            Message=said.body,
            MessageStructure="json",
            MessageAttributes={
                name: {"DataType": "String", "StringValue": value}
                for name, value in said.attributes.items()
                if value
            },
        )
