"""Running an operation: region by region or side by side, within its tolerance, to a status that it keeps.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/stacksets-concepts.html
"""

from __future__ import annotations

import asyncio
import contextvars
import logging

from sandbox.extension.names import Name
from sandbox.stack_sets import access, events, stacks
from sandbox.stack_sets.plan import Plan, ordered
from sandbox.stack_sets.records import Instance, Operation, Result, StackSet

NOW = Name.function("core.responses", "now_iso")
NAMES = (NOW, *access.NAMES, *events.NAMES, *stacks.NAMES)

EXCEEDED = "Cancelled since failure tolerance has exceeded"
STOPPED = "Cancelled since the operation was stopped"

_logger = logging.getLogger("lockstep.stack_sets")
_tasks: set[asyncio.Task[None]] = set()


def begin(stack_set: StackSet, operation: Operation) -> None:
    """Add an operation and run it, now or after those that it conflicts with; call it on the server's loop."""
    before = [other for other in stack_set.running if operation.conflicts(other)]
    stack_set.operations.append(operation)
    # A context of its own: nothing of the request that began it, neither token nor scope, gets into its stacks.
    task = asyncio.get_running_loop().create_task(
        _run(stack_set, operation, before), context=contextvars.Context()
    )
    _tasks.add(task)
    task.add_done_callback(_tasks.discard)
    operation.status = "QUEUED" if before else "RUNNING"
    events.operation_changed(stack_set, operation)


async def _run(stack_set: StackSet, operation: Operation, before: list[Operation]) -> None:
    while any(other.is_running for other in before):
        await asyncio.sleep(stacks.LOOK_SECONDS)
    if operation.status == "QUEUED":
        operation.status = "RUNNING"
        events.operation_changed(stack_set, operation)
    try:
        succeeded = await _regions(stack_set, operation)
    except Exception as error:  # a fault of the sandbox ends the operation: nobody may wait for it for ever
        _logger.exception("operation %s of %s failed", operation.id, stack_set.name)
        succeeded, operation.reason = False, f"{type(error).__name__}: {error}"
    _end(stack_set, operation, succeeded)


def _end(stack_set: StackSet, operation: Operation, succeeded: bool) -> None:
    stopping = operation.status == "STOPPING"
    for result in operation.results:
        if result.status in ("PENDING", "RUNNING"):
            _cancel(stack_set, operation, result, STOPPED if stopping else EXCEEDED)
    if operation.action == "DETECT_DRIFT":
        _sum_up_drift(stack_set, operation, stopping)
    operation.ended_at = NOW.get()()
    operation.status = "STOPPED" if stopping else "SUCCEEDED" if succeeded else "FAILED"
    events.operation_changed(stack_set, operation)


def _cancel(stack_set: StackSet, operation: Operation, result: Result, reason: str) -> None:
    result.status, result.reason = "CANCELLED", reason
    instance = stack_set.instance((result.account, result.region))
    if instance is not None and operation.action != "DETECT_DRIFT":
        instance.detailed_status, instance.reason = "CANCELLED", reason
        events.instance_changed(stack_set, operation, instance)


async def _regions(stack_set: StackSet, operation: Operation) -> bool:
    """Work through all regions; tell whether each stayed within its tolerance."""
    places = {
        region: [result for result in operation.results if result.region == region]
        for region in ordered([result.region for result in operation.results], operation.preferences)
    }
    if operation.preferences.get("RegionConcurrencyType") == "PARALLEL":
        return all(await asyncio.gather(*(_region(stack_set, operation, one) for one in places.values())))
    for results in places.values():
        if operation.status == "STOPPING" or not await _region(stack_set, operation, results):
            return False
    return True


async def _region(stack_set: StackSet, operation: Operation, results: list[Result]) -> bool:
    plan = Plan.of(operation.preferences, len(results))
    waiting, running = list(results), set[asyncio.Task[None]]()
    while True:
        failed = sum(result.status == "FAILED" for result in results)
        if operation.status != "STOPPING":
            count = plan.free(len(running), failed)
            begun, waiting = waiting[:count], waiting[count:]
            running |= {asyncio.create_task(_one(stack_set, operation, result)) for result in begun}
        if not running:
            return not plan.is_exceeded(failed)
        done, running = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()


async def _one(stack_set: StackSet, operation: Operation, result: Result) -> None:
    """Work on one instance; what goes wrong is its result."""
    result.status = "RUNNING"
    instance = stack_set.instance((result.account, result.region))
    if instance is None:  # an operation before this one has deleted it
        result.status = "SUCCEEDED"
        return
    instance.last_operation = operation.id
    try:
        if reason := access.refusal(stack_set, operation, result.account):
            raise stacks.FailedError(reason)
        await _ACTIONS[operation.action](stack_set, operation, instance)
        result.status = "SUCCEEDED"
    except stacks.FailedError as error:
        result.status, result.reason = "FAILED", str(error)
        _keep_failure(stack_set, operation, instance, str(error))


def _keep_failure(stack_set: StackSet, operation: Operation, instance: Instance, reason: str) -> None:
    if operation.action == "DETECT_DRIFT":
        instance.drift_status = "UNKNOWN"
        return
    # A stack that could not be deleted takes part in no operation until it is deleted or retained.
    lost = operation.action == "DELETE"
    instance.status = "INOPERABLE" if lost else "OUTDATED"
    instance.detailed_status, instance.reason = "INOPERABLE" if lost else "FAILED", reason
    events.instance_changed(stack_set, operation, instance)


async def _deploy(stack_set: StackSet, operation: Operation, instance: Instance) -> None:
    if instance.status == "INOPERABLE":
        raise stacks.FailedError("The stack instance is INOPERABLE: delete it from the StackSet")
    instance.status, instance.detailed_status, instance.reason = "OUTDATED", "RUNNING", ""
    events.instance_changed(stack_set, operation, instance)
    await stacks.deploy(stack_set, instance)
    instance.status, instance.detailed_status = "CURRENT", "SUCCEEDED"
    events.instance_changed(stack_set, operation, instance)


async def _delete(stack_set: StackSet, operation: Operation, instance: Instance) -> None:
    if not operation.retain:
        instance.detailed_status = "RUNNING"
        events.instance_changed(stack_set, operation, instance)
        await stacks.delete(instance)
    stack_set.instances.remove(instance)
    instance.detailed_status = "SUCCEEDED"
    events.instance_changed(stack_set, operation, instance)


async def _detect_drift(stack_set: StackSet, operation: Operation, instance: Instance) -> None:
    instance.drift_status = await stacks.detect_drift(instance)
    instance.drift_checked_at = NOW.get()()


_ACTIONS = {"CREATE": _deploy, "UPDATE": _deploy, "DELETE": _delete, "DETECT_DRIFT": _detect_drift}


def _sum_up_drift(stack_set: StackSet, operation: Operation, stopping: bool) -> None:
    """Keep what a drift detection found, as StackSetDriftDetectionDetails."""
    places = {(result.account, result.region) for result in operation.results}
    found = [one.drift_status for one in stack_set.instances if one.target in places]
    failed = sum(result.status != "SUCCEEDED" for result in operation.results)
    unknown = failed or {*found} - {"IN_SYNC"}
    complete = (
        "COMPLETED" if not failed else "FAILED" if failed == len(operation.results) else "PARTIAL_SUCCESS"
    )
    operation.drift = {
        "DriftStatus": "DRIFTED" if "DRIFTED" in found else "NOT_CHECKED" if unknown else "IN_SYNC",
        "DriftDetectionStatus": "STOPPED" if stopping else complete,
        "LastDriftCheckTimestamp": NOW.get()(),
        "TotalStackInstancesCount": len(operation.results),
        "DriftedStackInstancesCount": found.count("DRIFTED"),
        "InSyncStackInstancesCount": found.count("IN_SYNC"),
        "InProgressStackInstancesCount": 0,
        "FailedStackInstancesCount": failed,
    }
    stack_set.drift = operation.drift
