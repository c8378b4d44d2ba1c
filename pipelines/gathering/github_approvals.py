"""Who approved a deployment on GitHub, and the logins of who made a release. I/O (REQ-G2, REQ-G8).

In a run of the deploy workflow the reviewers of the environment see the plan that an earlier job of the same run made,
and the deployment executes that one and no other. So what they approve is that plan. GitHub says who approved, and not
when: it was after the run was made.

https://docs.github.com/en/rest/actions/workflow-runs#get-the-review-history-for-a-workflow-run
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice
from pathlib import Path

from pipelines.configuration.keys import is_digest
from pipelines.github.answers import Answer, read
from pipelines.github.client import GitHub, path_of
from pipelines.github.connection import connection
from pipelines.promotion.evidence import Approval, Missing, Tag
from pipelines.promotion.people import People, kind, person
from validator.errors import ConfigurationError, TechnicalError

WORKFLOW = ".github/workflows/deploy.yml"
"""The only workflow whose runs anybody approves as deployments."""
PULL_PAGES = 30
"""Pages of pull requests that are read, a hundred each."""
PLAN, ATTEMPT = "LOCKSTEP_PLAN", "LOCKSTEP_PLAN_ATTEMPT"
"""The variables in which the deploy workflow hands over the digest of its plan, and in which attempt that was made."""


class Account(Answer):
    """Somebody on GitHub."""

    login: str


class Named(Answer):
    """An environment."""

    name: str


class Review(Answer):
    """What somebody answered to a deployment."""

    state: str
    user: Account
    environments: list[Named]


class Side(Answer):
    """One side of a pull request."""

    sha: str


class PullOpened(Answer):
    """A pull request: who opened it, its last commit, and the one by which it was merged; nobody for a lost account."""

    user: Account | None = None
    head: Side
    merge_commit_sha: str | None = None


class RunAnswer(Answer):
    """A run of a workflow: of which file, for which branch, and whether it is under way."""

    created_at: str
    path: str
    head_branch: str | None = None
    status: str | None = None


class Signature(Answer):
    """Whom a commit names."""

    email: str | None = None


class Signed(Answer):
    """What git has of a commit."""

    author: Signature | None = None
    committer: Signature | None = None


class CommitAnswer(Answer):
    """A commit, with the accounts that GitHub finds by its addresses; none where nobody has the address."""

    commit: Signed
    author: Account | None = None
    committer: Account | None = None


@dataclass(frozen=True, slots=True)
class Run:
    """The run of the deploy workflow that this process is part of. `plan` is the digest of the run's own plan."""

    github: GitHub
    number: int
    plan: str
    attempt: str = "1"

    def approvals(
        self, tag: Tag, environment: str, branch: str, people: People | None = None
    ) -> Iterator[Approval]:
        """Yield who approved this run for an environment, which is deployed from `branch`.

        Raises TechnicalError where that cannot be known: this is no run that deploys there now, the plan was made
        again, so that an approval may be of the one before, or without a list of people an author has no login that an
        approver's could be told from.
        """
        given = [one for one in self._reviews() if one.state == "approved" and _is_of(one, environment)]
        if not given:
            return
        if self.attempt != "1":
            raise TechnicalError(
                f"the plan of run {self.number} was made again, and who approved may have seen the one before\n"
                "  mend: start a new run of the deploy workflow instead of running this one again"
            )
        if people is None and (lacking := _without(tag, self._logins(tag))):
            raise TechnicalError(f"GitHub knows no login of {', '.join(lacking)}, who made {tag.name}")
        run = read(RunAnswer, self.github.get(self._path()))
        if (run.path.partition("@")[0], run.head_branch, run.status) != (WORKFLOW, branch, "in_progress"):
            raise TechnicalError(
                f"run {self.number} is {run.path} for {run.head_branch}, {run.status}: what was approved there is no "
                f"deployment from {branch} that is under way\n  mend: let the deploy workflow deploy"
            )
        at = _time(run.created_at)
        for one in given:
            yield Approval(one.user.login, at, environment, tag.name, self.plan, in_aws=False)

    def named(self, tag: Tag, commits: Collection[str], people: People | None = None) -> Tag:
        """Return a release's tag with the logins of its authors, and of who opened the pull requests of its commits.

        Without a list of people it is unchanged where GitHub does not know all authors.
        """
        known = self._logins(tag)
        if people is None and _without(tag, known):
            return tag
        logins = {one for one in map(person, _names(tag)) if one and kind(one) == "login"}
        logins |= {known[one] for one in _addresses(tag) if one in known}
        return replace(tag, logins=frozenset(logins | self._opened(frozenset(commits))))

    def _opened(self, commits: Collection[str]) -> set[str]:
        """Return who opened the pull requests by which any of these commits came.

        Of the pull requests that were changed last; older ones are of releases before.
        """
        path = path_of("repos", self.github.where.owner, self.github.where.name, "pulls")
        query = {"state": "closed", "sort": "updated", "direction": "desc"}
        pages = islice(self.github.pages(path, query), PULL_PAGES)
        found = (one for page in pages for one in read(list[PullOpened], page))
        return {
            one.user.login
            for one in found
            if one.user is not None and (one.merge_commit_sha in commits or one.head.sha in commits)
        }

    def _logins(self, tag: Tag) -> Mapping[str, str]:
        """Return the login of each address of the authors that GitHub knows."""
        wanted = _addresses(tag)
        known: dict[str, str] = {}
        if not wanted:
            return {}
        path = path_of("repos", self.github.where.owner, self.github.where.name, "commits")
        for page in self.github.pages(path, {"sha": tag.commit}):
            for one in read(list[CommitAnswer], page):
                for signed, account in (
                    (one.commit.author, one.author),
                    (one.commit.committer, one.committer),
                ):
                    if signed is not None and signed.email and account is not None:
                        known.setdefault(person(signed.email), account.login)
            if wanted <= known.keys():
                break
        return known

    def _reviews(self) -> list[Review]:
        return read(list[Review], self.github.get(f"{self._path()}/approvals"))

    def _path(self) -> str:
        where = self.github.where
        return path_of("repos", where.owner, where.name, "actions", "runs", self.number)


def run_of(variables: Mapping[str, str], root: Path) -> Run | None:
    """Return the run that the variables of GitHub Actions name; None elsewhere, and where the run made no plan."""
    plan = variables.get(PLAN, "")
    if variables.get("GITHUB_ACTIONS") != "true" or not plan:
        return None
    number, attempt = variables.get("GITHUB_RUN_ID", ""), variables.get(ATTEMPT, "")
    if not is_digest(plan):
        raise ConfigurationError.single("is no digest of a plan", key=PLAN, hint="leave it to the workflow")
    if not number.isdecimal():
        raise ConfigurationError.single(f"{number!r} is no run", key="GITHUB_RUN_ID", hint="GitHub sets it")
    return Run(GitHub(connection(variables, root)), int(number), plan, attempt)


def _addresses(tag: Tag) -> frozenset[str]:
    """Return the authors who are known by an address that has no login in it."""
    return frozenset(one for one in map(person, _names(tag)) if one and kind(one) == "e-mail")


def _names(tag: Tag) -> frozenset[str]:
    return frozenset() if isinstance(tag.authors, Missing) else tag.authors


def _without(tag: Tag, known: Mapping[str, str]) -> list[str]:
    return sorted(_addresses(tag) - known.keys())


def _is_of(one: Review, environment: str) -> bool:
    return any(each.name == environment for each in one.environments)


def _time(text: str) -> datetime:
    """Return a time of GitHub's; Python 3.11 reads its `Z`."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise TechnicalError(f"GitHub's answer has no time that can be read: {text[:40]}")
    return found
