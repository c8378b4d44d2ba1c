"""Every gate with each of its verdicts, and what it says then (REQ-G1 to REQ-G6)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from pipelines.promotion.evidence import Begun, Checked, Evidence, Missing, Tag
from pipelines.promotion.freezes import Freeze, Once
from pipelines.promotion.gates import GATES
from pipelines.promotion.people import Member, People
from pipelines.promotion.policy import Rule
from pipelines.promotion.verdicts import State

from .good import (
    COMMIT,
    DEV,
    NOW,
    PROD,
    STAGING,
    TAG,
    ago,
    approval,
    check,
    deployment,
    evidence,
    lock,
    loss,
    of_source,
    of_target,
    plan,
    release,
    rule,
    source,
    target,
)

GONE = Missing("AWS did not answer")
GONE_SAID = "could not be had: AWS did not answer"
Case = tuple[str, Evidence, Rule, State, str]

WINTER = Freeze(
    "winter",
    "nobody is here",
    frozenset({"prod"}),
    Once(*(datetime(2026, 3, day, tzinfo=ZoneInfo("Europe/Zurich")) for day in (1, 5))),
)
LONGER = replace(WINTER, name="audit", reason="books close", window=replace(WINTER.window, ends=ago(-9999)))
FROZEN = rule(freezes=(WINTER,))
DRILLED = rule(drill_age={"orders": timedelta(days=30)})
TWO = rule(approvals=2)
ADA = frozenset({"Ada@Example.com", "77+Ada-L@users.noreply.github.com"})
GRACE, HOPPER = approval("grace", in_aws=False), approval("g-hopper", in_aws=False)
SIGNED = rule(signed_commits=True)
BEGUN = Begun("sha256:let-in", "sha256:whole", ago(20))
PEOPLE = People(
    (
        Member("Ada", frozenset({"ada@example.com", "Ada@work.example.com"}), "ada-l", frozenset({"ada.l"})),
        Member("Grace", frozenset({"grace@example.com"}), "g-hopper", frozenset({"grace.h"})),
        Member("Linus", frozenset({"linus@example.com"})),
    ),
    "d" * 40,
)


def of_logins(*logins: str) -> Tag:
    """Return the tag with the logins of who made it."""
    return Tag(TAG, COMMIT, frozenset({"ada@example.com"}), frozenset(logins))


def signed(*unsigned: str) -> Tag:
    """Return the tag, of which these commits are unsigned."""
    return replace(of_logins(), unsigned=unsigned)


def case(gate: str, state: State, reason: str, given: Mapping[str, Any], of: Rule = PROD) -> Case:
    """Return a case: evidence for the rule's environment with something spoilt."""
    return gate, evidence(of.environment, **given), of, state, reason


CASES: list[Case] = [
    case("release-known", "success", f"{TAG} is commit aaaaaaaaaaaa", {}, DEV),
    case("release-known", "success", f"{TAG} is commit aaaaaaaaaaaa, as staging recorded it", {}),
    case("release-known", "failure", f"git has no tag {TAG}", {"git": None}),
    case("release-known", "failure", f"staging has no record of orders {TAG}", of_source(release=None)),
    case(
        "release-known",
        "failure",
        f"{TAG} was moved: staging recorded orders as commit bbbbbbbbbbbb, it names aaaaaaaaaaaa",
        of_source(release=release("staging", commit="b" * 40)),
    ),
    case(
        "release-known",
        "failure",
        f"{TAG} was moved: staging recorded orders as commit aaaaaaaaaaaa, it names aaaaaaaaaaaa",
        of_source(release=release("staging", commit="a" * 39 + "b")),
    ),
    case("release-known", "error", f"the release's tag {GONE_SAID}", {"git": GONE}),
    case(
        "release-known",
        "error",
        f"the tag in the evidence is v9, and {TAG} is meant",
        {"git": Tag("v9", COMMIT, ADA)},
    ),
    case(
        "release-known",
        "error",
        f"the record of orders in staging {GONE_SAID}",
        {"sources": {"orders": GONE}},
    ),
    case("branch", "success", "this is env/prod", {}),
    case("branch", "failure", "prod is deployed from env/prod, and this is main", {"branch": "main"}),
    case(
        "branch",
        "failure",
        "prod is deployed from env/prod, and this is env/prod-2",
        {"branch": "env/prod-2"},
    ),
    case("branch", "error", f"the branch {GONE_SAID}", {"branch": GONE}),
    case("previous-environment", "success", f"{TAG} succeeded in staging", {}),
    case(
        "previous-environment",
        "pending",
        f"{TAG} of orders is being deployed into staging",
        of_source(latest=deployment("staging", state="deploying", ended_at=None, soak_from=None)),
    ),
    case(
        "previous-environment",
        "failure",
        f"{TAG} of orders was deployed into staging without gates: that is nothing to go on from",
        of_source(latest=deployment("staging", decision="")),
    ),
    # What is kept of how it ended says nothing of how it began.
    case(
        "previous-environment",
        "failure",
        f"{TAG} of orders was deployed into staging without gates: that is nothing to go on from",
        of_source(latest=deployment("staging", decision="", evidence="sha256:ended")),
    ),
    case(
        "previous-environment",
        "failure",
        "nothing was ever deployed into staging of orders",
        of_source(latest=None),
    ),
    case(
        "previous-environment",
        "failure",
        f"staging runs v1.3.0 of orders, not {TAG}",
        of_source(latest=deployment("staging", tag="v1.3.0")),
    ),
    case(
        "previous-environment",
        "failure",
        f"{TAG} of orders rolled back in staging",
        of_source(latest=deployment("staging", state="rolled_back", soak_from=None)),
    ),
    case(
        "previous-environment",
        "failure",
        f"{TAG} of orders failed in staging",
        of_source(latest=deployment("staging", state="failed", soak_from=None)),
    ),
    case(
        "previous-environment",
        "error",
        "the record of orders in staging could not be had: nobody asked",
        {"sources": {}},
    ),
    case("same-digest", "success", "the digests are those that staging recorded", {}),
    case(
        "same-digest",
        "failure",
        f"staging has no record of orders {TAG} to compare with",
        of_source(release=None),
    ),
    case(
        "same-digest",
        "failure",
        f"staging has no record of orders {TAG} to compare with",
        of_source(latest=None),
    ),
    case(
        "same-digest",
        "failure",
        f"orders {TAG} was recorded without prod",
        of_source(release=release("staging", digests={"staging": "sha256:staging"})),
    ),
    case(
        "same-digest",
        "failure",
        "staging runs sha256:other of orders, and the release says sha256:staging",
        of_source(latest=deployment("staging", manifest_digest="sha256:other")),
    ),
    case(
        "same-digest",
        "failure",
        "orders would be deployed as sha256:other, and staging recorded sha256:prod",
        of_target(digest="sha256:other"),
    ),
    # It is recorded, and for another environment.
    case(
        "same-digest",
        "failure",
        "orders would be deployed as sha256:staging, and staging recorded sha256:prod",
        of_target(digest="sha256:staging"),
    ),
    case(
        "same-digest",
        "failure",
        "orders would be deployed as sha256:prodprodprod, and staging recorded sha256:prodprodprod",
        {
            **of_source(
                release=release(
                    "staging", digests={"staging": "sha256:staging", "prod": f"sha256:{3 * 'prod'}1"}
                )
            ),
            **of_target(digest=f"sha256:{3 * 'prod'}2"),
        },
    ),
    case(
        "same-digest", "error", f"what would be deployed of orders {GONE_SAID}", {"targets": {"orders": GONE}}
    ),
    case("soak", "success", "the soak in staging is over", {}),
    case("soak", "success", "the soak in dev is over", {}, STAGING),
    case(
        "soak",
        "pending",
        "orders soaks in staging until 2026-03-02T12:30:00.000000Z, since 2026-03-02T11:30:00.000000Z "
        "(a stack that was changed)",
        of_source(touched_at=ago(30)),
    ),
    case(
        "soak",
        "pending",
        "orders soaks in staging until 2026-03-02T12:00:01.000000Z, since 2026-03-02T11:00:01.000000Z "
        "(its recorded success)",
        of_source(latest=deployment("staging", soak_from=ago(60) + timedelta(seconds=1))),
    ),
    case(
        "soak",
        "pending",
        "orders soaks in staging until 2026-03-02T12:50:00.000000Z, since 2026-03-02T11:50:00.000000Z "
        "(drift that was found or ended)",
        of_source(drift_changed_at=ago(10), failed_at=ago(20)),
    ),
    case(
        "soak",
        "pending",
        "orders soaks in staging until 2026-03-02T12:40:00.000000Z, since 2026-03-02T11:40:00.000000Z "
        "(a check that failed)",
        of_source(drift_changed_at=ago(30), failed_at=ago(20)),
    ),
    case(
        "soak",
        "pending",
        "orders soaks in staging until 2026-03-02T12:50:00.000000Z, since 2026-03-02T11:50:00.000000Z "
        "(a check that failed)",
        of_source(check=check("staging", verdict="inconsistent")),
    ),
    case(
        "soak",
        "pending",
        "orders soaks in staging until 2026-03-02T12:30:00.000000Z, since 2026-03-02T11:30:00.000000Z "
        "(its recorded success)",
        of_source(latest=deployment("staging", soak_from=ago(600), ended_at=ago(30))),
    ),
    case(
        "soak",
        "failure",
        f"{TAG} of orders does not stand in staging with a recorded success",
        of_source(latest=deployment("staging", tag="v1.1.0")),
    ),
    case(
        "soak",
        "failure",
        f"{TAG} of orders does not stand in staging with a recorded success",
        of_source(latest=deployment("staging", state="failed")),
    ),
    case(
        "soak",
        "failure",
        f"{TAG} of orders does not stand in staging with a recorded success",
        of_source(latest=deployment("staging", soak_from=None)),
    ),
    case(
        "soak",
        "failure",
        f"{TAG} of orders does not stand in staging with a recorded success",
        of_source(latest=deployment("staging", ended_at=None)),
    ),
    case(
        "soak", "success", "the soak in staging is over", of_source(check=check("staging", verdict="unknown"))
    ),
    case(
        "soak",
        "error",
        "what began the soak of orders, drift that was found or ended, is of 2026-03-02T12:06:00.000000Z, and it is "
        "2026-03-02T12:00:00.000000Z: one of the clocks is wrong",
        of_source(drift_changed_at=ago(-6)),
    ),
    case("soak", "error", f"the record of orders in staging {GONE_SAID}", {"sources": {"orders": GONE}}),
    case("drift", "success", "nothing drifted in dev", {}, DEV),
    case("drift", "success", "nothing drifted in prod; nothing drifted in staging", {}),
    case(
        "drift",
        "success",
        "acknowledged drift in prod: queue, table; nothing drifted in staging",
        of_target(drifted=("table",), unsure=("queue",), acknowledged=("queue", "table", "api")),
    ),
    case("drift", "failure", "open drift in staging: api, queue", of_source(drifted=("queue", "api"))),
    case(
        "drift",
        "failure",
        "open drift in prod that nobody acknowledged: table",
        of_target(drifted=("table", "queue"), acknowledged=("queue",)),
    ),
    case(
        "drift", "error", "nobody knows whether these drifted in staging: queue", of_source(unsure=("queue",))
    ),
    case(
        "drift",
        "error",
        "nobody knows whether these drifted in staging: queue",
        of_source(unsure=("queue",), drifted=("table",)),
    ),
    case("drift", "error", "nobody knows whether these drifted in prod: queue", of_target(unsure=("queue",))),
    case(
        "drift",
        "success",
        "nothing drifted in prod; nobody looked yet at what the run before this one changed: queue; "
        "nothing drifted in staging",
        of_target(unsure=("queue",), changed=("queue", "table")),
    ),
    case(
        "drift",
        "error",
        "nobody knows whether these drifted in prod: queue",
        of_target(unsure=("queue", "table"), changed=("table",)),
    ),
    case(
        "drift",
        "failure",
        "open drift in prod that nobody acknowledged: table",
        of_target(drifted=("table",), changed=("table",)),
    ),
    case("drift", "error", f"the record of orders in prod {GONE_SAID}", {"targets": {"orders": GONE}}),
    case("parity", "success", "environments differ only as declared", {}, DEV),
    case(
        "parity", "success", "environments differ only as declared; what runs in staging is as released", {}
    ),
    case(
        "parity",
        "pending",
        "orders in staging is being deployed",
        of_source(check=check("staging", verdict="deploying")),
    ),
    case(
        "parity",
        "pending",
        "orders in staging was not checked since it was deployed",
        of_source(latest=deployment("staging", ended_at=ago(9))),
    ),
    case("parity", "failure", "3 undeclared differences between environments", {"parity": 3}),
    case(
        "parity",
        "failure",
        "orders in staging is not as released: 2 differences",
        of_source(check=check("staging", verdict="inconsistent", findings=({}, {}))),
    ),
    case("parity", "error", f"the comparison of the environments {GONE_SAID}", {"parity": GONE}),
    case("parity", "error", "nobody checked orders in staging yet", of_source(check=None)),
    case(
        "parity",
        "error",
        "the last check of orders in staging no longer holds",
        of_source(check=check("staging", at=ago(36))),
    ),
    case(
        "parity",
        "error",
        "the last check of orders in staging no longer holds",
        of_source(check=check("staging", release="v1.1.0")),
    ),
    case(
        "parity",
        "error",
        "the check of orders in staging is of 2026-03-02T12:06:00.000000Z, and it is 2026-03-02T12:00:00.000000Z: "
        "one of the clocks is wrong",
        of_source(check=check("staging", at=ago(-6))),
    ),
    case("checks", "success", "the checks found no error", {}),
    case("checks", "failure", "the checks found 2 errors", {"checked": Checked(COMMIT, 2, 0)}),
    case("checks", "failure", "the checks found 1 error", {"checked": Checked(COMMIT, 1, 0)}),
    case("checks", "error", f"the result of the checks {GONE_SAID}", {"checked": GONE}),
    case(
        "checks",
        "error",
        "commit bbbbbbbbbbbb was checked, and the release is aaaaaaaaaaaa",
        {"checked": Checked("b" * 40, 0, 0)},
    ),
    case(
        "checks",
        "error",
        "commit aaaaaaaaaaaa was checked, and the release is aaaaaaaaaaaa",
        {"checked": Checked("a" * 39 + "b", 0, 0)},
    ),
    case(
        "checks",
        "error",
        "the release's commit, which was to be checked, could not be had: git has no such tag",
        {"git": None},
    ),
    case("recovery-drill", "success", "no drill is asked for", {}),
    case(
        "recovery-drill",
        "success",
        "no drill is asked for",
        {},
        rule(drill_age={"ledger": timedelta(days=30)}),
    ),
    case(
        "recovery-drill",
        "success",
        "recovery of orders was tried 2026-01-31T12:00:00.000000Z",
        of_target(drilled_at=NOW - timedelta(days=30)),
        DRILLED,
    ),
    case("recovery-drill", "failure", "recovery of orders was never tried", {}, DRILLED),
    case(
        "recovery-drill",
        "failure",
        "recovery of orders was last tried 2026-01-31T11:59:59.000000Z, over 30 days ago",
        of_target(drilled_at=NOW - timedelta(days=30, seconds=1)),
        DRILLED,
    ),
    case(
        "recovery-drill",
        "error",
        "the recovery drill of orders is of 2026-03-03T12:00:00.000000Z, and it is 2026-03-02T12:00:00.000000Z: "
        "one of the clocks is wrong",
        of_target(drilled_at=NOW + timedelta(days=1)),
        DRILLED,
    ),
    case(
        "recovery-drill", "error", f"the record of orders in prod {GONE_SAID}", {"targets": {"orders": GONE}}
    ),
    # What was rolled back last has nothing in its place yet: a check of another release says nothing of it.
    case(
        "parity",
        "error",
        "the last check of orders in staging no longer holds",
        of_source(latest=deployment("staging", tag="v1.1.0", state="rolled_back")),
    ),
    case("approval", "success", "nobody has to approve for dev", {"approvals": GONE}, DEV),
    case("approval", "success", "approved by grace@example.com", {}),
    case(
        "approval",
        "success",
        "approved by grace@example.com, linus@example.com",
        {"approvals": (approval(), approval("linus@example.com"))},
        TWO,
    ),
    case("approval", "pending", "0 of 1 approvals for prod", {"approvals": ()}),
    case(
        "approval",
        "pending",
        "0 of 1 approvals for prod: ADA@example.com is an author, whose own does not count",
        {"approvals": (approval(" ADA@example.com"),)},
    ),
    case(
        "approval",
        "pending",
        "0 of 1 approvals for prod: ada-l is an author, whose own does not count",
        {"approvals": (approval("ada-l"),), "git": Tag(TAG, COMMIT, ADA)},
    ),
    case(
        "approval",
        "pending",
        "1 of 2 approvals for prod",
        {"approvals": (approval(), approval("Grace@Example.com "), approval(at=ago(1)))},
        TWO,
    ),
    case(
        "approval",
        "pending",
        "0 of 2 approvals for prod: grace may be one of the authors, who are known as ada-l, ada@example.com; "
        "grace@example.com may be one of the authors, who are known as ada-l, ada@example.com",
        {"approvals": (approval(), approval("grace")), "git": Tag(TAG, COMMIT, ADA)},
        TWO,
    ),
    case(
        "approval",
        "pending",
        "0 of 1 approvals for prod: grace@example.com approved v1.1.0 for prod",
        {"approvals": (approval(tag="v1.1.0"),)},
    ),
    case(
        "approval",
        "pending",
        f"0 of 1 approvals for prod: grace@example.com approved {TAG} for staging",
        {"approvals": (approval(environment="staging"),)},
    ),
    case(
        "approval",
        "pending",
        "0 of 1 approvals for prod: grace@example.com approved another plan",
        {"approvals": (approval(plan="sha256:before"),)},
    ),
    case(
        "approval",
        "success",
        "approved by grace@example.com",
        {"approvals": (approval(plan="sha256:whole"),), "begun": BEGUN},
    ),
    case("approval", "success", "approved by grace@example.com", {"begun": BEGUN}),
    case(
        "approval",
        "pending",
        "0 of 1 approvals for prod: grace@example.com approved another plan",
        {"approvals": (approval(plan="sha256:before"),), "begun": BEGUN},
    ),
    case(
        "approval",
        "pending",
        "0 of 1 approvals for prod: grace@example.com approved at 2026-03-02T10:29:00.000000Z, before it stood where "
        "it comes from",
        {"approvals": (approval(at=ago(91)),)},
    ),
    case(
        "approval",
        "pending",
        "0 of 1 approvals for prod: grace@example.com approved at 2026-03-02T12:06:00.000000Z, which is still to come",
        {"approvals": (approval(at=ago(-6)),)},
    ),
    case("approval", "success", "approved by grace@example.com", {"approvals": (approval(at=ago(-5)),)}),
    case("approval", "success", "approved by grace@example.com", {"approvals": (approval(at=ago(90)),)}),
    case(
        "approval",
        "pending",
        "0 of 1 approvals for prod: github-actions[bot] is a machine; x@example.com approved another plan",
        {"approvals": (approval("github-actions[bot]"), approval("x@example.com", plan="sha256:x"))},
    ),
    case(
        "approval",
        "pending",
        "0 of 1 approvals for prod: somebody has no name",
        {"approvals": (approval(" "),)},
    ),
    case(
        "approval",
        "pending",
        "0 of 1 approvals for prod: ada may be one of the authors, who are known as ada@example.com",
        {"approvals": (approval("ada"),)},
    ),
    case(
        "approval",
        "pending",
        "0 of 1 approvals for prod: arn:aws:sts::111111111111:assumed-role/a/ada may be one of the authors, who are "
        "known as ada@example.com",
        {"approvals": (approval("arn:aws:sts::111111111111:assumed-role/a/ada"),)},
    ),
    case("approval", "error", f"who approved {GONE_SAID}", {"approvals": GONE}),
    case("approval", "error", f"the plan, which an approval is of, {GONE_SAID}", {"plan": GONE}),
    case("approval", "error", f"the release's author, who may not approve it, {GONE_SAID}", {"git": GONE}),
    case(
        "approval",
        "error",
        "the release's author, who may not approve it, could not be had: git has no such tag",
        {"git": None},
    ),
    case(
        "approval",
        "error",
        "the release's author, who may not approve it, could not be had: git names none",
        {"git": Tag(TAG, COMMIT, frozenset({" "}))},
    ),
    case(
        "approval",
        "error",
        f"the release's author, who may not approve it, {GONE_SAID}",
        {"git": Tag(TAG, COMMIT, GONE)},
    ),
    case("approval", "error", f"the list of who is who {GONE_SAID}", {"people": GONE}),
    # Nobody knows since when it stands there: an approval of before would count.
    case(
        "approval",
        "error",
        f"the record of orders in staging {GONE_SAID}",
        {"sources": {"orders": GONE}, "approvals": (approval(at=ago(91)),)},
    ),
    case(
        "approval",
        "error",
        f"the plan in the evidence is of v1.1.0 in prod, and {TAG} in prod is meant",
        {"plan": replace(plan(), tag="v1.1.0")},
    ),
    # Without a list, by GitHub's logins where it knows all: among them who opened a pull request.
    case("approval", "success", "approved by grace", {"approvals": (GRACE,), "git": of_logins("ada-l")}),
    case(
        "approval",
        "pending",
        "0 of 1 approvals for prod: grace is an author, whose own does not count",
        {"approvals": (GRACE,), "git": of_logins("ada-l", "grace")},
    ),
    # With a list, one person is one, whatever they are called and by whom.
    case("approval", "success", "approved by g-hopper", {"approvals": (HOPPER,), "people": PEOPLE}),
    case(
        "approval", "success", "approved by grace.h", {"approvals": (approval("grace.h"),), "people": PEOPLE}
    ),
    case(
        "approval",
        "pending",
        "0 of 1 approvals for prod: Ada-L is an author, whose own does not count",
        {"approvals": (approval("Ada-L", in_aws=False),), "people": PEOPLE},
    ),
    case(
        "approval",
        "pending",
        "0 of 1 approvals for prod: ada.l is an author, whose own does not count; "
        "ada@work.example.com is an author, whose own does not count",
        {"approvals": (approval("ada.l"), approval("ada@work.example.com")), "people": PEOPLE},
    ),
    case(
        "approval",
        "pending",
        "0 of 1 approvals for prod: g-hopper is an author, whose own does not count",
        {"approvals": (HOPPER,), "git": of_logins("ada-l", "G-Hopper"), "people": PEOPLE},
    ),
    case(
        "approval",
        "pending",
        "1 of 2 approvals for prod",
        {"approvals": (HOPPER, approval("grace.h"), approval()), "people": PEOPLE},
        TWO,
    ),
    case(
        "approval",
        "success",
        "approved by g-hopper, linus@example.com",
        {"approvals": (HOPPER, approval("linus@example.com")), "people": PEOPLE},
        TWO,
    ),
    case(
        "approval",
        "failure",
        "0 of 1 approvals for prod: g-hopper is nobody of pipelines/people.yaml",
        # AWS says it, where she is called otherwise: who may make a user there names it as they like.
        {"approvals": (approval("g-hopper"),), "people": PEOPLE},
    ),
    case(
        "approval",
        "success",
        "approved by g-hopper",
        {"approvals": (HOPPER, approval("zed@example.com")), "people": PEOPLE},
    ),
    case(
        "approval",
        "error",
        "nobody can tell who made this: pipelines/people.yaml has no zed-z, zed@example.com",
        {
            "git": Tag(TAG, COMMIT, frozenset({"ada@example.com", "zed@example.com"}), frozenset({"zed-z"})),
            "people": PEOPLE,
        },
    ),
    case(
        "approval",
        "success",
        "approved by g-hopper",
        {
            "approvals": (HOPPER,),
            "git": Tag(TAG, COMMIT, frozenset({"ada@example.com", "49+bot[bot]@users.noreply.github.com"})),
            "people": PEOPLE,
        },
    ),
    case(
        "approval",
        "success",
        "approved by grace@example.com; every commit is signed",
        {"git": signed()},
        SIGNED,
    ),
    case(
        "approval",
        "failure",
        "2 commits are signed by nobody whom the project knows: bbbbbbbbbbbb, cccccccccccc",
        {"git": signed("b" * 40, "c" * 40)},
        SIGNED,
    ),
    case(
        "approval",
        "failure",
        f"6 commits are signed by nobody whom the project knows: {', '.join(one * 12 for one in 'bcdef')}...",
        {"git": signed(*(one * 40 for one in "bcdef0"))},
        SIGNED,
    ),
    case(
        "approval",
        "error",
        f"who signed the commits {GONE_SAID}",
        {"git": replace(signed(), unsigned=GONE)},
        SIGNED,
    ),
    case("approval", "error", "who signed the commits could not be had: nobody looked", {}, SIGNED),
    case(
        "approval",
        "failure",
        "1 commits are signed by nobody whom the project knows: bbbbbbbbbbbb",
        {"git": signed("b" * 40)},
        rule(DEV, signed_commits=True),
    ),
    case("lock", "success", "nobody deploys to prod", {}),
    case("lock", "success", "nobody deploys to prod", of_target(lock=lock(expires_at=NOW))),
    case("lock", "success", "the lock is this run's own", of_target(lock=lock(owner="this-run"))),
    case(
        "lock",
        "pending",
        "another-run deploys orders to prod since 2026-03-02T11:55:00.000000Z",
        of_target(lock=lock()),
    ),
    case(
        "lock",
        "pending",
        " deploys orders to prod since 2026-03-02T11:55:00.000000Z",
        {**of_target(lock=lock(owner="")), "owner": ""},
    ),
    case("lock", "error", f"the record of orders in prod {GONE_SAID}", {"targets": {"orders": GONE}}),
    case("freeze-window", "success", "prod is not frozen", {}),
    case("freeze-window", "success", "prod is not frozen", {"at": NOW + timedelta(days=3)}, FROZEN),
    case(
        "freeze-window",
        "success",
        "staging is not frozen",
        {},
        rule(STAGING, freezes=(WINTER,)),
    ),
    case(
        "freeze-window",
        "pending",
        "prod is frozen until 2026-03-05T00:00:00+01:00: winter (nobody is here)",
        {},
        FROZEN,
    ),
    case(
        "freeze-window",
        "pending",
        "prod is frozen until 2026-03-09T10:39:00+00:00: audit (books close)",
        {},
        rule(freezes=(WINTER, LONGER)),
    ),
    case("rejected-release", "success", f"{TAG} was never rolled back", {}),
    case(
        "rejected-release",
        "failure",
        f"{TAG} of orders was rolled back in dev, prod",
        of_target(rejected=tuple(deployment(name, state="rolled_back") for name in ("prod", "dev", "prod"))),
    ),
    case(
        "rejected-release",
        "failure",
        f"{TAG} of orders was rolled back in staging",
        # What succeeded since, there or here, of this release or another, takes nothing back.
        of_target(
            rejected=(deployment("staging", state="rolled_back", number=3),), latest=deployment("prod")
        ),
    ),
    case(
        "rejected-release",
        "error",
        f"the record of orders in prod {GONE_SAID}",
        {"targets": {"orders": GONE}},
    ),
    case("data-loss", "success", "nothing that holds data is replaced or deleted", {}),
    case(
        "data-loss",
        "success",
        "nothing that holds data is replaced or deleted",
        {"plan": plan(loss("Function", "AWS::Lambda::Function", "deleted"))},
    ),
    case(
        "data-loss",
        "success",
        "somebody accepted the loss of prod/orders/table/Table",
        {"plan": plan(loss(), accepted=("prod/orders/table/Table", "prod/orders/table/Other"))},
    ),
    case(
        "data-loss",
        "failure",
        "data would be lost: prod/orders/table/Other (AWS::S3::Bucket) would be deleted",
        {
            "plan": plan(
                loss(), loss("Other", "AWS::S3::Bucket", "deleted"), accepted=("prod/orders/table/Table",)
            )
        },
    ),
    # Each by its whole name.
    case(
        "data-loss",
        "failure",
        "data would be lost: prod/orders/table/Table (AWS::DynamoDB::Table) would be replaced",
        {"plan": plan(loss(), accepted=("prod/orders/table", "prod/orders/table/Tab"))},
    ),
    case("data-loss", "error", f"the plan of what would change {GONE_SAID}", {"plan": GONE}),
    case(
        "data-loss",
        "error",
        f"the plan in the evidence is of {TAG} in staging, and {TAG} in prod is meant",
        {"plan": replace(plan(), environment="staging")},
    ),
]


@pytest.mark.parametrize(("gate", "found", "of", "state", "reason"), CASES)
def test_what_a_gate_says(gate: str, found: Evidence, of: Rule, state: State, reason: str) -> None:
    """The verdict, its reason, and a mend wherever somebody has to do something."""
    verdict = GATES[gate].judge(found, of)
    assert (verdict.state, verdict.reason) == (state, reason)
    assert bool(verdict.mend) == (state != "success")


STATES: dict[str, set[State]] = {
    "release-known": {"success", "failure", "error"},
    "branch": {"success", "failure", "error"},
    "previous-environment": {"success", "pending", "failure", "error"},
    "same-digest": {"success", "failure", "error"},
    "soak": {"success", "pending", "failure", "error"},
    "drift": {"success", "failure", "error"},
    "parity": {"success", "pending", "failure", "error"},
    "checks": {"success", "failure", "error"},
    "recovery-drill": {"success", "failure", "error"},
    "approval": {"success", "pending", "failure", "error"},
    "lock": {"success", "pending", "error"},
    "freeze-window": {"success", "pending"},
    "rejected-release": {"success", "failure", "error"},
    "data-loss": {"success", "failure", "error"},
}


def test_every_verdict_of_every_gate_is_tried() -> None:
    """Freezes are of the policy, and the time is always known: that gate misses no evidence."""
    tried: dict[str, set[State]] = {}
    for gate, _, _, state, _ in CASES:
        tried.setdefault(gate, set()).add(state)
    assert tried == STATES
    assert tried.keys() == GATES.keys()


@pytest.mark.parametrize(
    "spoilt",
    [
        of_source(release=release("staging", workload="ledger")),
        of_source(release=release("dev")),
        of_source(release=release("staging", tag="v9")),
        of_source(latest=deployment("dev")),
        of_source(latest=deployment("staging", "ledger")),
        of_source(check=check("dev")),
        of_source(check=check("staging", "ledger")),
        of_target(lock=lock(workload="ledger")),
        of_target(lock=lock(environment="staging", expires_at=ago(1))),
        of_target(latest=deployment("staging")),
    ],
)
def test_evidence_of_something_else_is_an_error(spoilt: dict[str, Any]) -> None:
    """A record of another workload, environment or release vouches for nothing."""
    gates = ("soak", "previous-environment", "drift") if "sources" in spoilt else ("lock", "rejected-release")
    for gate in gates:
        verdict = GATES[gate].judge(evidence(**spoilt), PROD)
        assert verdict.state == "error"
        assert verdict.reason.startswith("the ")
        assert verdict.reason.endswith("is meant")


def test_each_workload_counts_for_itself() -> None:
    """One that stands behind, by tag or by time, keeps all out; the reasons name it alone."""
    two = {
        "orders": source(),
        "ledger": source(workload="ledger", latest=deployment("staging", "ledger", tag="v1")),
    }
    found = evidence(
        workloads=("orders", "ledger"), sources=two, targets={"orders": target(), "ledger": target()}
    )
    verdict = GATES["previous-environment"].judge(found, PROD)
    assert (verdict.state, verdict.reason) == ("failure", f"staging runs v1 of ledger, not {TAG}")
    assert verdict.inputs.keys() == {"orders.latest", "ledger.latest"}
    younger = deployment("staging", "ledger", soak_from=ago(59))
    found = replace(found, sources={**two, "ledger": source(workload="ledger", latest=younger)})
    assert GATES["soak"].judge(found, PROD).state == "pending"
    # Whoever approved did so before the last of them stood there.
    stale = replace(found, approvals=(approval(at=ago(80)),))
    assert GATES["approval"].judge(stale, PROD).state == "success"
    later = deployment("staging", "ledger", ended_at=ago(70))
    stale = replace(stale, sources={**two, "ledger": source(workload="ledger", latest=later)})
    assert GATES["approval"].judge(stale, PROD).state == "pending"


@pytest.mark.parametrize(
    "gate", [gate for gate in GATES if gate not in {"branch", "checks", "data-loss", "freeze-window"}]
)
def test_a_release_of_no_workload_is_an_error(gate: str) -> None:
    """Where nothing is to be judged, nobody said yes; approvals are of people and not of workloads."""
    verdict = GATES[gate].judge(evidence(workloads=(), sources={}, targets={}), PROD)
    assert verdict.state == ("success" if gate == "approval" else "error")


def test_clocks_may_be_a_little_apart_and_nothing_is_shorter_for_it() -> None:
    """Within five minutes a record of the future is one of now, from which the whole hour still runs."""
    for seconds, state in ((300, "pending"), (301, "error")):
        success = deployment("staging", soak_from=NOW + timedelta(seconds=seconds))
        verdict = GATES["soak"].judge(evidence(**of_source(latest=success)), PROD)
        assert verdict.state == state
        if state == "pending":
            assert "until 2026-03-02T13:05:00.000000Z" in verdict.reason


@pytest.mark.parametrize(
    ("gate", "given", "inputs"),
    [
        ("approval", {}, {"authors": "ada@example.com", "counted": "grace@example.com", "needed": "1"}),
        ("approval", {"approvals": (approval("ada@example.com"),)}, {"counted": "none"}),
        (
            "data-loss",
            {"plan": plan(loss(), accepted=("x",))},
            {"plan": "sha256:plan", "losses": "prod/orders/table/Table replaced", "accepted": "x"},
        ),
        (
            "drift",
            of_source(drifted=("queue",), unsure=("api",)),
            {
                "orders.staging.drifted": "queue",
                "orders.staging.unsure": "api",
                "orders.prod.drifted": "none",
            },
        ),
        ("drift", of_target(changed=("queue",), acknowledged=("api",)), {"orders.prod.changed": "queue"}),
    ],
)
def test_what_was_decided_on_is_told(gate: str, given: dict[str, Any], inputs: dict[str, str]) -> None:
    """It is what is kept of the decision (REQ-G6)."""
    assert inputs.items() <= GATES[gate].judge(evidence(**given), PROD).inputs.items()


def test_times_are_told_in_utc_whatever_zone_they_came_in() -> None:
    """What is kept of a decision reads the same everywhere."""
    here = NOW.astimezone(ZoneInfo("America/New_York"))
    for gate in ("freeze-window", "soak"):
        assert GATES[gate].judge(evidence(at=here), PROD).inputs["at"] == "2026-03-02T12:00:00.000000Z"


def test_evidence_of_no_exact_time_cannot_be_made() -> None:
    """A freeze would be judged by the clock of whatever machine asks."""
    with pytest.raises(ValueError, match="has no offset"):
        evidence(at=datetime(2026, 3, 2, 12, 0))  # noqa: DTZ001
    assert evidence(at=datetime(2026, 3, 2, 12, 0, tzinfo=UTC)).at == NOW
