"""Lambda handler that the pipeline's state machine asks: may this release enter this environment now? (REQ-G10)"""

from __future__ import annotations

from dataclasses import asdict
from functools import cache, partial
from typing import Any

from functions.gate.edge import client, logger, measure, now, settings
from pipelines.codepipeline.gate import UndecidedError, ask, question_of
from pipelines.configuration import ConfigurationStore
from pipelines.deployment_rule.packaged import Packaged, packaged
from pipelines.deployment_rule.recorded import Records
from pipelines.state.store import StateStore

TABLE, BUCKET = "table/TableName", "configuration/BucketName"


@cache
def held() -> Packaged:
    """Return the policy and the workloads that the package holds."""
    return packaged()


@cache
def places() -> tuple[StateStore, partial[ConfigurationStore]]:
    """Return the home's table, and its configuration store by who wrote there. A failure is not kept."""
    names = settings(TABLE, BUCKET)
    return StateStore(client("dynamodb"), names[TABLE]), partial(
        ConfigurationStore, client("s3"), names[BUCKET]
    )


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Answer with state, soaking and reason; raises where nobody can tell, so that the machine asks again."""
    question = question_of(event)
    table, store = places()
    records = Records(table, store, held().policy, held().workloads.get(question.environment, ()))
    try:
        found = ask(question, records, now())
    except UndecidedError as error:
        measure("PromotionAnswers", Outcome="error", Environment=question.environment)
        logger.error("undecided", environment=question.environment, reason=str(error))
        raise
    measure("PromotionAnswers", Outcome=found.state, Environment=question.environment)
    logger.info("answered", environment=question.environment, release=question.release, **asdict(found))
    return asdict(found)
