"""Approving a release under one's own name (REQ-G2). I/O, but for `person_of`.

AWS says who it is, before and after: the caller's own credentials name the person, and the approver role at home lets
nobody take it under, or write below, another's name (templates/home-approver.yaml).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.aws import Aws
from pipelines.configuration.keys import is_digest
from pipelines.delivery.checkout import commit_of, files_of
from pipelines.delivery.policy import policy_of
from pipelines.gathering.authors import since_release_before
from pipelines.gathering.standing import people_of
from pipelines.home import CONTROL, home_of
from pipelines.promotion.people import objection, person
from pipelines.state.records import Approval
from validator.environments import SHARED
from validator.errors import ConfigurationError, FailureError, PendingError, TechnicalError

if TYPE_CHECKING:
    from pipelines.home import Home
    from validator.model import Project

_USER = re.compile(r"arn:[a-z-]+:iam::\d{12}:user/(?:.*/)?(?P<name>[^/]+)")
_SESSION = re.compile(r"arn:[a-z-]+:sts::\d{12}:assumed-role/(?P<role>[^/]+)/(?P<name>[^/]+)")
IDENTITY_CENTER = "AWSReservedSSO_"
"""How the roles of IAM Identity Center are named: their sessions bear the name of who logged in.

https://docs.aws.amazon.com/singlesignon/latest/userguide/referencingpermissionsets.html
"""
LOG_IN = "log in as a person: through IAM Identity Center, or as an IAM user of your own"


def person_of(arn: str) -> str:
    """Return the name of the person that an ARN stands for.

    Raises ConfigurationError for one that may be anybody: an account's root, or the session of a role whose name the
    caller chooses.
    """
    user, session = _USER.fullmatch(arn), _SESSION.fullmatch(arn)
    if user:
        return user["name"]
    if session and session["role"].startswith(IDENTITY_CENTER):
        return session["name"]
    if session:
        why = f"whoever takes the role {session['role']} chooses the name {session['name']}"
    else:
        why = "it names no person"
    raise ConfigurationError.single(f"{arn} cannot approve: {why}", key="AWS_ACCESS_KEY_ID", hint=LOG_IN)


def approve(
    root: Path, project: Project, environment: str, tag: str, plan: str, clock: Callable[[], datetime]
) -> tuple[Approval, bool]:
    """Record the caller's approval of a release and a plan; False where it was there before, which stands.

    Raises ConfigurationError for a digest, a tag, an environment or a caller that cannot be meant, FailureError where
    the caller may not approve.
    """
    _refuse_wrong(root, project, environment, tag, plan)
    caller = _identity(Aws(_region(project)))
    name = person_of(caller["Arn"])
    _refuse_author(root, tag, name)
    home = _approving(project, name)
    session = _identity(home.aws)["UserId"]
    if session.rpartition(":")[2] != name:
        raise TechnicalError(f"AWS calls the approver {session}, and not {name}")
    approval = Approval(environment, tag, session, plan, clock(), caller["Arn"])
    return approval, home.table().approve(approval)


def _refuse_wrong(root: Path, project: Project, environment: str, tag: str, plan: str) -> None:
    if not is_digest(plan):
        hint = f"`lockstep plan {environment} --release {tag}` shows the digest of what you read: sha256:<64 digits>"
        raise ConfigurationError.single(f"{plan[:80]!r} is no digest", key="--plan", hint=hint)
    if not policy_of(files_of(root, tag), project.environments).of(environment).approvals:
        hint = f"run `lockstep deploy {environment} --release {tag}`"
        raise ConfigurationError.single(
            f"nobody has to approve for {environment}", key="ENVIRONMENT", hint=hint
        )


def _refuse_author(root: Path, tag: str, name: str) -> None:
    """Refuse whom the gate would not count, as far as git tells: what runs in the environment, only home knows."""
    commit = commit_of(root, tag)
    authors = frozenset(map(person, since_release_before(root, tag, commit).names)) - {""}
    if against := objection(name, authors, people_of(root, (commit,)), in_aws=True):
        raise FailureError(f"{name} {against}\n  mend: let somebody approve {tag} who did not make it")


def _region(project: Project) -> str:
    stack = next((one for one in project.of(SHARED) if one.workload == CONTROL), None)
    if stack is None:
        raise ConfigurationError.single(
            "the project has no home to record an approval in", file="sceptre/config/shared/control"
        )
    return stack.region


def _identity(aws: Aws) -> dict[str, Any]:
    """Return who AWS says that the credentials are; asking needs no permission."""
    found: dict[str, Any] = aws.client("sts").get_caller_identity()
    return found


def _approving(project: Project, name: str) -> Home:
    from botocore.exceptions import ClientError

    try:
        home = home_of(project, approving=name)
    except ClientError as error:
        if error.operation_name != "AssumeRole":
            raise
        raise FailureError(
            f"AWS does not let {name} approve: {error.response['Error'].get('Message', '')}\n"
            "  mend: let somebody give you sts:AssumeRole on the approver role; docs/promotion.md says who may take it"
        ) from None
    if home is None:
        raise PendingError("nothing records an approval yet\n  mend: run `lockstep deploy shared`")
    return home
