"""`.github/environments.yaml` as pydantic reads it: which keys there are, and what each may hold (REQ-G8). Pure."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from .protection import ACTIONS

LONGEST_WAIT = 43_200
"""Minutes, thirty days, that GitHub lets a job wait at most."""
LEAST_WAIT_OF_PROD = 60
"""Minutes that a deployment to prod waits at least (REQ-G3)."""
Login = Annotated[str, Field(pattern=r"^[A-Za-z0-9](?:[A-Za-z0-9_-]{0,98}[A-Za-z0-9])?$")]
Slug = Annotated[str, Field(pattern=r"^[A-Za-z0-9_](?:[A-Za-z0-9._-]{0,98}[A-Za-z0-9_-])?$")]
Check = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\s](?:[^\r\n\t]*[^\s])?$")]
TagPattern = Annotated[str, Field(pattern=r"^[A-Za-z0-9*?][A-Za-z0-9._/*?-]{0,200}$")]
MergeMethod = Literal["merge", "squash", "rebase"]


def _of_one_purpose(value: list[str]) -> list[str]:
    if ACTIONS in value:
        raise ValueError(f"{ACTIONS} is every workflow of the repository: name an app of its own")
    return value


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class ReviewersForm(_Part):
    """Who may say yes: people by login, teams of the repository's organization by slug. At most six in all."""

    users: list[Login] = []
    teams: list[Slug] = []


class EnvironmentForm(_Part):
    """A GitHub environment; its branch is that of `pipelines/promotion.yaml`."""

    reviewers: ReviewersForm = ReviewersForm()
    prevent_self_review: bool
    wait_minutes: Annotated[int, Field(ge=0, le=LONGEST_WAIT)] = 0
    administrators_bypass: Literal[False]
    gate_apps: list[Slug] = []


class ProtectingForm(_Part):
    """The GitHub environment `protection`, which keeps the key that may change all this; only main runs there."""

    reviewers: ReviewersForm = ReviewersForm()
    administrators_bypass: Literal[False]


class ProdForm(EnvironmentForm):
    """The environment prod: it waits an hour at least, and nobody approves what is their own (REQ-G2, REQ-G3)."""

    prevent_self_review: Literal[True]
    wait_minutes: Annotated[int, Field(ge=LEAST_WAIT_OF_PROD, le=LONGEST_WAIT)]


class EnvironmentsForm(BaseModel):
    """The environments by name; prod has bounds of its own."""

    model_config = ConfigDict(extra="allow", frozen=True, strict=True)
    __pydantic_extra__: dict[str, EnvironmentForm] = Field(init=False)

    prod: ProdForm | None = None

    def by_name(self) -> dict[str, EnvironmentForm]:
        """Return every environment by its name."""
        named: dict[str, EnvironmentForm] = dict(self.__pydantic_extra__ or {})
        return {**named, "prod": self.prod} if self.prod else named


class ChangesForm(_Part):
    """What a change of a branch needs. None is ever deleted or pushed with force."""

    approvals: Annotated[int, Field(ge=0, le=10)]
    dismiss_stale_approvals: bool
    code_owners: bool
    last_push_approval: bool
    resolved_conversations: bool
    merge_methods: Annotated[list[MergeMethod], Field(min_length=1)]
    linear_history: bool
    checks: Annotated[list[Check], Field(min_length=1)]
    up_to_date: bool


class MainForm(ChangesForm):
    """What a change of main needs: somebody else's yes at least, and no app passes that by."""

    approvals: Annotated[int, Field(ge=1, le=10)]


class BranchesForm(ChangesForm):
    """What a change of an environment branch needs; a way back may have to pass it by."""

    bypass_apps: list[Slug] = []

    _is_of_one_purpose = field_validator("bypass_apps")(_of_one_purpose)


class TagsForm(_Part):
    """Tags that are made once, and then neither moved nor deleted."""

    fixed: Annotated[list[TagPattern], Field(min_length=1)]
    deployed_by_apps: list[Slug] = []

    _is_of_one_purpose = field_validator("deployed_by_apps")(_of_one_purpose)


class ProtectionForm(_Part):
    """`.github/environments.yaml`: what `lockstep protect` holds GitHub to."""

    environments: EnvironmentsForm
    protection: ProtectingForm
    main: MainForm
    branches: BranchesForm
    tags: TagsForm
