"""What is read of GitHub's answers: what is not there, or of another type, is an error and no good news."""

from __future__ import annotations

from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from validator.errors import TechnicalError

from .protection import Target

Value = TypeVar("Value")


class Answer(BaseModel):
    """Part of an answer of GitHub: what is read of it has to be there, and of its type."""

    model_config = ConfigDict(extra="ignore", frozen=True, strict=True)


class Numbered(Answer):
    """Something of which the number alone is wanted."""

    id: int


class Person(Answer):
    """A person, a team or an app: one of the names is there."""

    id: int
    login: str | None = None
    slug: str | None = None


class ReviewerAnswer(Answer):
    """Who may approve."""

    type: Literal["User", "Team"]
    reviewer: Person


class ProtectionRule(Answer):
    """One rule of an environment; which keys it has depends on its type."""

    type: str
    wait_timer: int = 0
    prevent_self_review: bool = False
    reviewers: list[ReviewerAnswer] = []


class Deploys(Answer):
    """Whether the patterns of the environment count."""

    custom_branch_policies: bool


class EnvironmentAnswer(Answer):
    """An environment; the bypass is not in GitHub's description, and may be left out."""

    protection_rules: list[ProtectionRule] = []
    deployment_branch_policy: Deploys | None = None
    can_admins_bypass: bool | None = None


class PatternAnswer(Answer):
    """A pattern of branches or tags."""

    id: int
    name: str
    type: Target = "branch"


class Patterns(Answer):
    """A page of patterns."""

    branch_policies: list[PatternAnswer]


class Gate(Answer):
    """A custom deployment protection rule, and its app."""

    id: int
    enabled: bool
    app: Person


class Gates(Answer):
    """Every such rule of an environment."""

    custom_deployment_protection_rules: list[Gate]


class Summary(Answer):
    """A ruleset as lists have it, without its rules."""

    id: int
    name: str
    target: Literal["branch", "tag", "push", "repository"] = "branch"
    source_type: str = "Repository"


class Names(Answer):
    """Patterns of refs."""

    include: list[str] = []
    exclude: list[str] = []


class Conditions(Answer):
    """What a ruleset covers."""

    ref_name: Names = Names()


class RulesetRule(Answer):
    """A rule and its parameters."""

    type: str
    parameters: dict[str, Any] | None = None


class Actor(Answer):
    """Somebody who may pass a ruleset by."""

    actor_type: str
    actor_id: int | None = None
    bypass_mode: str = "always"


class RulesetAnswer(Answer):
    """A ruleset; who may pass it by is told to those who may change it."""

    id: int
    enforcement: str
    conditions: Conditions | None = None
    rules: list[RulesetRule] = []
    bypass_actors: list[Actor] | None = None


def read(kind: type[Value], content: Any) -> Value:
    """Return an answer as values. Raises TechnicalError for one of another form."""
    try:
        return TypeAdapter(kind).validate_python(content)
    except ValidationError as error:
        detail = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(map(str, detail["loc"])) or "it"
        raise TechnicalError(
            f"GitHub's answer has another form than its description: {place}: {detail['msg']}\n"
            "  mend: check GITHUB_API_URL; if it is right, report this"
        ) from None
