"""What the pipeline's builds run: plain commands of the release's own `lockstep`. Pure (REQ-G10).

A project hands them two variables: `ENVIRONMENT`, and `BRANCH`, which is that environment's in the policy. What plans
runs before anybody approved, so it has a role of its own that only looks, and takes that of `LOOKING_ROLE`.
"""

from __future__ import annotations

from dataclasses import dataclass

from pipelines.promotion.policy import Policy

from .stages import title

BUNDLE, NAME = "repository.bundle", "release"
"""The two files of a release's source: git's bundle, and the name of the tag."""
LOCKSTEP = ".venv/bin/lockstep"
PREPARE = (
    f"export RELEASE=$(cat {NAME})",
    "git init --quiet repository",
    "cd repository",
    f"git fetch --quiet ../{BUNDLE} 'refs/tags/*:refs/tags/*'",
    'git checkout --quiet --detach "refs/tags/$RELEASE"',
    'export COMMIT=$(git rev-parse "refs/tags/$RELEASE^{commit}")',
    # There are no branches here, and no remote: the order of the stages is what a branch is elsewhere.
    'git branch --force "$BRANCH" "$COMMIT"',
    "make .venv/main .venv/guard",
)
SAME = ('test "$RELEASE" = "$ASKED_RELEASE"', 'test "$COMMIT" = "$ASKED_COMMIT"')
"""That this is what the gate was asked about, before any code of the release runs: builds before may say anything."""
VALIDATE = (
    f"{LOCKSTEP} check --own",
    f'{LOCKSTEP} verify "$ENVIRONMENT"',
)
PLAN = (
    r"printf '[default]\nrole_arn = %s\ncredential_source = EcsContainer\n' " '"$LOOKING_ROLE" > ../looking',
    "export AWS_CONFIG_FILE=$(realpath ../looking)",
    f'{LOCKSTEP} plan "$ENVIRONMENT" --release "$RELEASE" --outputs ../planned',
    "export PLAN=$(sed -n 's/^digest=//p' ../planned)",
    'test -n "$PLAN"',
)
REHEARSE = (f'{LOCKSTEP} plan "$ENVIRONMENT" --release "$RELEASE" --reverse',)
"""The way back from the last environment, told before anybody approves; of it no digest goes on (REQ-R5)."""
ENTER = (f'{LOCKSTEP} deploy "$ENVIRONMENT" --release "$RELEASE"',)
DEPLOY = (f'{ENTER[0]} --expect "$PLAN"',)
DEPLOY_LAST = (
    f"if {DEPLOY[0]}; then export OUTCOME=succeeded; "
    f'else export OUTCOME=$(.venv/bin/python -m pipelines.codepipeline.outcome "$ENVIRONMENT" "$RELEASE"); fi',
    # Where nothing is left half done there is nothing to take back: the stage fails, and may be tried again.
    'test "$OUTCOME" = succeeded || test "$OUTCOME" = failed',
)
ROLLBACK = (
    f'{LOCKSTEP} rollback --last-consistent --env "$ENVIRONMENT"',
    # The release did not stay, so that the pipeline does not end as if it had.
    'echo "$RELEASE did not stay in $ENVIRONMENT"',
    "false",
)
DESCRIPTIONS = {
    "deploy": "Deploys a release, behind every gate of lockstep",
    "validate": "Checks a release, and what was deployed of it",
    "plan": "Says what a deployment would change, for those who approve it",
    "rollback": "Takes an environment back to the last consistent release",
}


@dataclass(frozen=True, slots=True)
class Build:
    """One CodeBuild project of an environment: what it runs, and the variables that later actions may read."""

    environment: str
    step: str
    commands: tuple[str, ...]
    exported: tuple[str, ...] = ()

    @property
    def description(self) -> str:
        """What the project does, in a sentence."""
        return DESCRIPTIONS[self.step]

    @property
    def looks(self) -> bool:
        """Whether it runs before anybody approved, with a role that changes nothing."""
        return self.step == "plan"

    @property
    def id(self) -> str:
        """The project's logical id, as the stages name it."""
        return f"{title(self.environment)}{title(self.step)}"


def builds(policy: Policy) -> tuple[Build, ...]:
    """Return every project of the pipeline, in the order of its environments. Raises ValueError for none."""
    if not policy.rules:
        raise ValueError("a policy of no environment has no pipeline")
    first, last = policy.order[0], policy.order[-1]
    found = [
        _build(first, "deploy", ENTER),
        _build(first, "validate", VALIDATE, "RELEASE", "COMMIT"),
    ]
    for name in policy.order[1:]:
        found.append(_build(name, "plan", (*PLAN, *REHEARSE) if name == last else PLAN, "PLAN"))
        found.append(_gated(name, DEPLOY_LAST, "OUTCOME") if name == last else _gated(name, DEPLOY))
    if last != first:
        found.append(_build(last, "rollback", ROLLBACK))
    return tuple(found)


def _gated(environment: str, commands: tuple[str, ...], *exported: str) -> Build:
    return Build(environment, "deploy", (*PREPARE[:-1], *SAME, PREPARE[-1], *commands), exported)


def _build(environment: str, step: str, commands: tuple[str, ...], *exported: str) -> Build:
    return Build(environment, step, (*PREPARE, *commands), exported)
