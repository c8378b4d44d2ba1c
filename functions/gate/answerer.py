"""Lambda handler of the rule's schedule: judges each question that GitHub waits for, and answers it (REQ-G9)."""

from __future__ import annotations

from functools import cache, partial
from typing import Any

from aws_lambda_powertools.metrics import MetricUnit

from functions.gate.edge import client, logger, measure, now, settings
from pipelines.configuration import ConfigurationStore
from pipelines.deployment_rule.answering import Answering
from pipelines.deployment_rule.app import App, by_kms
from pipelines.deployment_rule.evidence import Places, gather
from pipelines.deployment_rule.packaged import packaged
from pipelines.state.store import StateStore

OPEN = ("waiting", "failed")
"""Ends of a pass after which a question still has no answer."""
NAMES = ("table/TableName", "configuration/BucketName", "gate/AppId", "gate/AppKeyArn", "gate/ApiUrl")


@cache
def desk() -> Answering:
    """Return the desk of this home. A failure is not kept."""
    table_name, bucket, app_id, key, api = map(settings(*NAMES).__getitem__, NAMES)
    held, table = packaged(), StateStore(client("dynamodb"), table_name)
    store = partial(ConfigurationStore, client("s3"), bucket)
    app = App(int(app_id), by_kms(client("kms"), key), api)
    return Answering(
        table=table,
        policy=held.policy,
        github=lambda request, at: app.github(request.repository, request.installation, at),
        gather=lambda request, github, at: gather(
            request, Places(table, store, github, held.policy, held.workloads[request.environment]), at
        ),
        clock=now,
    )


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: Any) -> dict[str, int]:
    """Do one pass, and tell how many ended how; raises where the questions themselves cannot be read."""
    told: dict[str, int] = {}
    oldest = 0.0
    for done in desk().run():
        told[done.end] = told.get(done.end, 0) + 1
        if done.end in OPEN:
            oldest = max(oldest, (now() - done.request.received_at).total_seconds())
        measure("RuleAnswers", Outcome=done.end, Environment=done.request.environment)
        log = logger.error if done.end in ("failed", "closed") else logger.info
        log(
            "judged",
            deployment=done.request.deployment,
            environment=done.request.environment,
            run=done.request.run,
            end=done.end,
            reason=done.reason,
        )
    # Also where nothing is asked: no figure means that nobody looks.
    measure("RuleOldestQuestionSeconds", oldest, MetricUnit.Seconds)
    return told
