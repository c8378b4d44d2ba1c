"""Laws of promotion: an hour in staging, no environment skipped, harm never helps (REQ-G1, REQ-G3, REQ-G6).

A world of events tells by its own books what may be; the gates are asked after each event, and around the
end of the soak. Approvals, plan and checks of the release are as good as can be, so that nothing else keeps it out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import chain
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from pipelines.promotion.decide import decide
from pipelines.promotion.evidence import Approval, Checked, Evidence, Missing, Source, Tag, Target
from pipelines.promotion.freezes import Freeze, Once
from pipelines.promotion.gates import GATES
from pipelines.promotion.people import Member, People
from pipelines.promotion.policy import Rule
from pipelines.promotion.verdicts import BY_HARM
from pipelines.state.records import Check, EnvironmentRelease, Release
from tests.unit.promotion.good import (
    COMMIT,
    NOW,
    POLICY,
    PROD,
    TAG,
    approval,
    check,
    deployment,
    evidence,
    lock,
    loss,
    plan,
    release,
    source,
    target,
)

# The same examples at every run: no test depends on luck.
LAWS = settings(deadline=None, derandomize=True, max_examples=80)
HOUR, TICK = timedelta(minutes=60), timedelta(microseconds=1)
WORKLOADS, TAGS = ("orders", "ledger"), ("v1", "v2")
Event = tuple[Any, ...]


def digests(tag: str) -> dict[str, str]:
    """Return what a release is in each environment."""
    return {name: f"sha256:{name}-{tag}" for name in POLICY.order}


@dataclass
class Place:
    """One workload in one environment: its records, and the world's own book of it.

    `stands` is the release that succeeded there last, and that nothing was deployed over, rolled back or failed since;
    `touched` is when the hour before the next environment last began.
    """

    workload: str
    environment: str
    deployments: list[EnvironmentRelease] = field(default_factory=list)
    drifted: bool = False
    drift_changed_at: datetime | None = None
    touched_at: datetime | None = None
    verdict: Any = "consistent"
    failed_at: datetime | None = None
    stands: str | None = None
    touched: datetime | None = None

    def begin(self, tag: str, at: datetime) -> None:
        one = deployment(
            self.environment,
            self.workload,
            number=len(self.deployments) + 1,
            tag=tag,
            manifest_digest=digests(tag)[self.environment],
            state="deploying",
            started_at=at,
            ended_at=None,
            soak_from=None,
        )
        self.deployments.append(one)
        self.stands = None

    def end(self, state: Any, at: datetime) -> None:
        if not self.deployments or (state != "rolled_back" and self.deployments[-1].state != "deploying"):
            return
        success = state == "succeeded"
        self.deployments[-1] = replace(
            self.deployments[-1], state=state, ended_at=at, soak_from=at if success else None
        )
        self.stands, self.touched = (self.deployments[-1].tag, at) if success else (None, self.touched)

    def drift(self, drifted: bool, at: datetime) -> None:
        if drifted != self.drifted:
            self.drifted, self.drift_changed_at, self.touched = drifted, at, at

    def checked(self, verdict: str, at: datetime) -> None:
        self.verdict = verdict
        if verdict == "inconsistent":
            self.failed_at = self.touched = at

    def touch(self, at: datetime) -> None:
        """Let somebody change a stack, of which no record of deployments tells."""
        self.touched_at = self.touched = at

    def healed(self, what: str, at: datetime) -> None:
        """Let something be wrong for a moment."""
        if what == "drift":
            self.drift(True, at)
            self.drift(False, at)
        else:
            self.checked("inconsistent", at)
            self.checked("consistent", at)

    def source(self, tag: str, at: datetime) -> Source:
        latest = self.deployments[-1] if self.deployments else None
        known = any(one.tag == tag for one in self.deployments)
        last = Check(self.workload, self.environment, at, latest.tag if latest else "", self.verdict, ())
        return Source(
            release=Release(self.workload, self.environment, tag, COMMIT, NOW, digests(tag))
            if known
            else None,
            latest=latest,
            drifted=("queue",) if self.drifted else (),
            unsure=(),
            drift_changed_at=self.drift_changed_at,
            check=last,
            touched_at=self.touched_at,
            failed_at=self.failed_at,
        )


@dataclass
class World:
    """Everything, and the time."""

    now: datetime = NOW
    approvals: tuple[Approval, ...] | None = None
    places: dict[tuple[str, str], Place] = field(
        default_factory=lambda: {
            (name, workload): Place(workload, name) for name in POLICY.order for workload in WORKLOADS
        }
    )

    def of(self, environment: str) -> list[Place]:
        return [place for (name, _), place in self.places.items() if name == environment]

    def happen(self, event: Event) -> None:
        """Let an event happen, whoever allowed it."""
        kind, *rest = event
        if kind == "wait":
            self.now += rest[0]
        elif kind == "deployed":
            environment, tag = rest
            for place in self.of(environment):
                place.begin(tag, self.now)
                place.end("succeeded", self.now)
                place.checked("consistent", self.now)
                place.drift(False, self.now)
        else:
            environment, workload, *given_to = rest
            getattr(self.places[environment, workload], kind)(*given_to, self.now)

    def evidence(self, environment: str, tag: str, at: datetime) -> Evidence:
        """Return what can be known at a time, with approvals and a plan as good as can be."""
        before = POLICY.of(environment).source
        rejected = {
            workload: tuple(
                one
                for name in POLICY.order
                for one in self.places[name, workload].deployments
                if one.tag == tag and one.state == "rolled_back"
            )
            for workload in WORKLOADS
        }
        return evidence(
            environment,
            tag=tag,
            at=at,
            workloads=WORKLOADS,
            git=Tag(tag, COMMIT, frozenset({"ada@example.com"})),
            sources={place.workload: place.source(tag, at) for place in self.of(before)} if before else {},
            targets={
                place.workload: target(
                    environment,
                    digest=digests(tag)[environment],
                    drifted=("queue",) if place.drifted else (),
                    rejected=rejected[place.workload],
                )
                for place in self.of(environment)
            },
            approvals=(approval(at=at, environment=environment, tag=tag),),
        )

    def lets(self, environment: str, tag: str, at: datetime) -> bool:
        """Ask the gates."""
        return decide(self.evidence(environment, tag, at), POLICY.of(environment)).state == "success"


waits = st.tuples(
    st.just("wait"),
    st.sampled_from([TICK, *(timedelta(minutes=n) for n in (1, 29, 30, 59, 61)), HOUR - TICK, HOUR]),
)
tags, workloads = st.sampled_from(TAGS), st.sampled_from(WORKLOADS)


def events(environments: st.SearchStrategy[str]) -> st.SearchStrategy[Event]:
    """Return events of which each may happen at any time, however little sense it makes."""
    return st.one_of(
        waits,
        st.tuples(st.just("deployed"), environments, tags),
        st.tuples(st.just("begin"), environments, workloads, tags),
        st.tuples(
            st.just("end"), environments, workloads, st.sampled_from(["succeeded", "failed", "rolled_back"])
        ),
        st.tuples(st.just("healed"), environments, workloads, st.sampled_from(["drift", "check"])),
        st.tuples(st.just("drift"), environments, workloads, st.booleans()),
        st.tuples(st.just("touch"), environments, workloads),
        st.tuples(
            st.just("checked"), environments, workloads, st.sampled_from(["consistent", "inconsistent"])
        ),
    )


def test_nothing_enters_prod_before_an_hour_in_staging_untouched() -> None:
    """After its recorded success, and after each restart, of every workload; to the microsecond (REQ-G3)."""
    entered: Counter[bool] = Counter()
    before: list[Event] = [("deployed", "staging", "v1"), ("wait", TICK)]
    stood = st.just([]) | waits.map(lambda wait: [("deployed", "staging", "v1"), wait])

    @LAWS
    @given(stood, st.lists(events(st.sampled_from(["staging", "staging", "staging", "prod"])), max_size=9))
    @example(before, [("healed", "staging", "orders", "drift")])
    @example(before, [("healed", "staging", "ledger", "check")])
    @example(before, [("begin", "staging", "orders", "v1"), ("end", "staging", "orders", "succeeded")])
    @example(before, [("touch", "staging", "ledger")])
    def law(before: list[Event], happened: list[Event]) -> None:
        world = World()
        for event in [*before, *happened]:
            world.happen(event)
            staging = world.of("staging")
            ends = {place.touched + HOUR for place in staging if place.touched}
            asked = {world.now, *(end + late for end in ends for late in (-TICK, timedelta()))}
            for at in (at for at in asked if at >= world.now):
                for tag in TAGS:
                    may = all(
                        place.stands == tag and place.touched and at - place.touched >= HOUR
                        for place in staging
                    )
                    lets = world.lets("prod", tag, at)
                    assert may or not lets
                    entered[lets] += 1

    law()
    assert min(entered[True], entered[False]) > 50, entered


anywhere = st.sampled_from(POLICY.order)


def test_no_environment_is_ever_skipped() -> None:
    """Whatever happens between: who goes where the gates let has been in each before, and in staging for an hour."""
    entered: Counter[str] = Counter()
    happens = events(anywhere).filter(lambda one: one[0] not in {"deployed", "begin"})
    noise = (
        st.just([])
        | st.just([])
        | st.lists(happens | st.tuples(st.just("enter"), anywhere, tags), max_size=3)
    )
    mostly = st.sampled_from(["v1", "v1", "v1", "v2"])
    dev, staging, prod = (
        st.tuples(st.just("enter"), st.just(name), mostly).map(lambda one: [one]) for name in POLICY.order
    )
    waited = (waits | st.just(("wait", HOUR))).map(lambda one: [one])
    steps = (dev, noise, staging, waited, noise, prod, noise, prod)

    @settings(LAWS, max_examples=200)
    @given(
        st.tuples(*(st.just([]) | step | step | step | step for step in steps)).map(
            lambda them: list(chain.from_iterable(them))
        )
    )
    def law(happened: list[Event]) -> None:
        world, stood = World(), dict[tuple[str, str], datetime]()
        for event in happened:
            if event[0] != "enter":
                world.happen(event)
                continue
            _, environment, tag = event
            if not world.lets(environment, tag, world.now):
                continue
            before = POLICY.of(environment).source
            if before:
                soak = HOUR if environment == "prod" else timedelta()
                assert (before, tag) in stood
                assert world.now - stood[before, tag] >= soak
            entered[environment] += 1
            world.happen(("deployed", environment, tag))
            stood[environment, tag] = world.now

    law()
    assert min(entered[name] for name in POLICY.order) > 5, entered


def test_the_way_through_is_open() -> None:
    """The laws above are no laws of a closed door: the plain way leads to prod."""
    world = World()
    for environment, minutes in (("dev", 0), ("staging", 60), ("prod", 0)):
        assert world.lets(environment, "v1", world.now)
        world.happen(("deployed", environment, "v1"))
        world.happen(("wait", timedelta(minutes=minutes)))


# Harm: whatever the evidence, with one thing more against the release no gate says anything better.
GONE = Missing("AWS did not answer")
UNDER_WAY = Missing("a stack is UPDATE_IN_PROGRESS", passes=True)
times = st.integers(-150, 4).map(lambda minutes: NOW + timedelta(minutes=minutes))
names = st.frozensets(st.sampled_from(["api", "queue", "table"]), max_size=2).map(
    lambda one: tuple(sorted(one))
)
deployments = st.builds(
    lambda state, tag, digest, at: deployment(
        "staging", state=state, tag=tag, manifest_digest=digest, ended_at=at, soak_from=at
    ),
    st.sampled_from(["succeeded", "succeeded", "succeeded", "deploying", "failed", "rolled_back"]),
    st.sampled_from([TAG, TAG, TAG, "v1.1.0"]),
    st.sampled_from(["sha256:staging", "sha256:staging", "sha256:other"]),
    times,
)
sources = st.builds(
    source,
    release=st.sampled_from([release("staging")] * 4 + [release("staging", commit="b" * 40), None]),
    latest=deployments | deployments | st.none(),
    drifted=st.just(()) | names,
    unsure=st.just(()) | names,
    drift_changed_at=st.none() | times,
    touched_at=st.none() | times,
    check=st.builds(
        lambda verdict, at: check("staging", verdict=verdict, at=at),
        st.sampled_from(["consistent", "consistent", "inconsistent", "deploying", "unknown"]),
        times,
    )
    | st.none(),
    failed_at=st.none() | times,
)
targets = st.builds(
    target,
    digest=st.sampled_from(["sha256:prod", "sha256:prod", "sha256:other"]),
    drifted=st.just(()) | names,
    unsure=st.just(()) | names,
    acknowledged=names,
    lock=st.sampled_from([None, None, lock(), lock(owner="this-run"), lock(expires_at=NOW)]),
    rejected=st.sampled_from([(), (), (deployment("dev", state="rolled_back"),)]),
)
ADA_ALONE = frozenset({"ada@example.com"})
PEOPLE = People(
    (
        Member("Ada", ADA_ALONE, "ada-l", frozenset({"ada"})),
        Member("Grace", frozenset({"grace@example.com"}), "g-hopper"),
    )
)
approvers = st.sampled_from(
    ["ada@example.com", "grace@example.com", "linus@example.com", "ada", "g-hopper", "x[bot]", ""]
)
approvals = st.lists(
    st.builds(
        lambda by, at, read, in_aws: approval(by, at, plan=read, in_aws=in_aws),
        approvers,
        times,
        st.sampled_from(["sha256:plan", "sha256:plan", "sha256:other"]),
        st.sampled_from([True, True, False]),
    ),
    max_size=3,
).map(tuple)
plans = st.builds(
    lambda losses, accepted: plan(*losses, accepted=tuple(accepted)),
    st.lists(st.sampled_from([loss("A"), loss("B", "AWS::Lambda::Function"), loss("C")]), max_size=2),
    st.frozensets(st.sampled_from([loss("A").name, loss("C").name]), max_size=1),
)
anything = st.builds(
    lambda orders, into, **given: evidence(sources={"orders": orders}, targets={"orders": into}, **given),
    sources | st.just(source()),
    targets | st.just(target()),
    git=st.sampled_from(
        [Tag(TAG, COMMIT, ADA_ALONE)] * 2
        + [Tag(TAG, COMMIT, ADA_ALONE, unsigned=())] * 2
        + [
            Tag(TAG, COMMIT, ADA_ALONE, frozenset({"ada-l"})),
            Tag(TAG, COMMIT, ADA_ALONE, unsigned=("b" * 40,)),
        ]
        + [Tag(TAG, "b" * 40, frozenset()), Tag(TAG, COMMIT, GONE), None, GONE]
    ),
    people=st.sampled_from([None, None, PEOPLE, PEOPLE, GONE]),
    branch=st.sampled_from(["env/prod", "env/prod", "main", GONE]),
    parity=st.sampled_from([0, 0, 2, GONE]),
    checked=st.sampled_from([Checked(COMMIT, 0, 0)] * 3 + [Checked(COMMIT, 1, 0), GONE]),
    approvals=approvals | st.just((approval(),)) | st.just(GONE),
    plan=plans | st.just(plan()) | st.sampled_from([GONE, UNDER_WAY]),
)
well_signed = Tag(TAG, COMMIT, ADA_ALONE, frozenset({"ada-l"}), unsigned=())
everything_is_well = st.sampled_from(
    [evidence(git=well_signed), evidence(git=well_signed, people=PEOPLE), evidence()]
)
rules = st.builds(
    lambda people, minutes, signed: replace(
        PROD, approvals=people, soak=timedelta(minutes=minutes), signed_commits=signed
    ),
    st.sampled_from([1, 2]),
    st.sampled_from([60, 120]),
    st.booleans(),
)
Harmed = tuple[Evidence, Rule]


def in_source(found: Evidence, change: Callable[[Source], dict[str, Any]]) -> Evidence:
    """Return evidence with something changed in its source, if that is known."""
    (one,) = found.sources.values()
    return (
        found if isinstance(one, Missing) else replace(found, sources={"orders": replace(one, **change(one))})
    )


def in_target(found: Evidence, change: Callable[[Target], dict[str, Any]]) -> Evidence:
    """Return evidence with something changed in its target, if that is known."""
    (one,) = found.targets.values()
    return (
        found if isinstance(one, Missing) else replace(found, targets={"orders": replace(one, **change(one))})
    )


def later(one: datetime | None, at: datetime) -> datetime:
    """Return the later of two times, of which the first may not be."""
    return max(one, at) if one else at


def redeployed(one: Source, at: datetime) -> dict[str, Any]:
    """Return a source whose success was recorded later."""
    if one.latest is None or one.latest.soak_from is None:
        return {}
    return {"latest": replace(one.latest, soak_from=later(one.latest.soak_from, at))}


def failed_check(one: Source, at: datetime) -> dict[str, Any]:
    """Return a source whose last check failed, where there was one."""
    failed = (
        replace(one.check, verdict="inconsistent")
        if one.check and one.check.verdict == "consistent"
        else one.check
    )
    return {"check": failed, "failed_at": later(one.failed_at, at)}


def rolled_back(found: Evidence) -> Evidence:
    """Return evidence of a release that was rolled back in staging."""
    bad = deployment("staging", state="rolled_back")
    found = in_target(found, lambda one: {"rejected": (*one.rejected, bad)})
    return in_source(
        found, lambda one: {"latest": one.latest and replace(one.latest, state="rolled_back", soak_from=None)}
    )


def with_loss(found: Evidence) -> Evidence:
    """Return evidence whose plan takes one more away."""
    if isinstance(found.plan, Missing):
        return found
    return replace(found, plan=replace(found.plan, losses=(*found.plan.losses, loss("Z"))))


def of_another_release(found: Evidence) -> Evidence:
    """Return evidence whose plan is of another release."""
    return found if isinstance(found.plan, Missing) else replace(found, plan=replace(found.plan, tag="v9"))


def more(found: Evidence, name: str) -> Evidence:
    """Return evidence with one more finding, or difference."""
    value = getattr(found, name)
    if isinstance(value, Missing):
        return found
    if isinstance(value, Checked):
        return replace(found, checked=replace(value, errors=value.errors + 1))
    return replace(found, **{name: value + 1})


def an_approval_less(found: Evidence) -> Evidence:
    """Return evidence without the first approval of somebody who is known: what a stranger says is none."""
    if isinstance(found.approvals, Missing):
        return found
    known = [
        one for one in found.approvals if not isinstance(found.people, People) or _listed(found.people, one)
    ]
    return replace(
        found, approvals=tuple(one for one in found.approvals if one is not next(iter(known), None))
    )


def _listed(people: People, one: Approval) -> bool:
    return people.of(one.by, in_aws=one.in_aws) is not None


def of_git(found: Evidence, change: Callable[[Tag], dict[str, Any]]) -> Evidence:
    """Return evidence with something changed of the tag and its authors, if they are known."""
    git = found.git
    if not isinstance(git, Tag) or isinstance(git.authors, Missing) or not git.authors:
        return found
    return replace(found, git=replace(git, **change(git)))


def another_author(found: Evidence, name: str) -> Evidence:
    """Return evidence with one more name of who made the release; as a login, where logins are known."""
    if "@" in name:
        return of_git(found, lambda git: {"authors": frozenset({name, *_authors(git)})})
    return of_git(found, lambda git: {"logins": git.logins and git.logins | {name}})


def _authors(git: Tag) -> frozenset[str]:
    assert not isinstance(git.authors, Missing)
    return git.authors


def unsigned(found: Evidence) -> Evidence:
    """Return evidence with one more commit that nobody signed."""
    return of_git(
        found,
        lambda git: {} if isinstance(git.unsigned, Missing) else {"unsigned": (*git.unsigned, "c" * 40)},
    )


def of_people(found: Evidence, change: Callable[[People], People]) -> Evidence:
    """Return evidence with something changed in the list of people, if there is one."""
    return replace(found, people=change(found.people)) if isinstance(found.people, People) else found


def one_person(people: People) -> People:
    """Return a list in which all its people turn out to be one."""
    first, second = people.members
    emails = {*first.emails, *second.emails, f"{second.login}@users.noreply.github.com"}
    return People((Member("Ada", frozenset(emails), first.login, first.sessions | second.sessions),))


def frozen(of: Rule) -> Rule:
    """Return a rule that is frozen now."""
    window = Once(NOW - HOUR, NOW + HOUR)
    return replace(of, freezes=(*of.freezes, Freeze("f", "why not", frozenset({"prod"}), window)))


HARMS: dict[str, Callable[[Evidence, Rule, datetime], Harmed]] = {
    "drift in the source": lambda e, r, at: (
        in_source(
            e,
            lambda one: {
                "drifted": (*one.drifted, "new"),
                "drift_changed_at": later(one.drift_changed_at, at),
            },
        ),
        r,
    ),
    "drift in the target": lambda e, r, _: (in_target(e, lambda one: {"drifted": (*one.drifted, "new")}), r),
    "unknown drift in the source": lambda e, r, _: (
        in_source(e, lambda one: {"unsure": (*one.unsure, "new")}),
        r,
    ),
    "unknown drift in the target": lambda e, r, _: (
        in_target(e, lambda one: {"unsure": (*one.unsure, "new")}),
        r,
    ),
    "drift that ended": lambda e, r, at: (
        in_source(e, lambda one: {"drift_changed_at": later(one.drift_changed_at, at)}),
        r,
    ),
    "a failed check": lambda e, r, at: (in_source(e, lambda one: failed_check(one, at)), r),
    "a redeployment": lambda e, r, at: (in_source(e, lambda one: redeployed(one, at)), r),
    "a rollback": lambda e, r, _: (rolled_back(e), r),
    "another's lock": lambda e, r, _: (in_target(e, lambda one: {"lock": lock()}), r),
    "a loss": lambda e, r, _: (with_loss(e), r),
    "a difference": lambda e, r, _: (more(e, "parity"), r),
    "a finding": lambda e, r, _: (more(e, "checked"), r),
    "an approval less": lambda e, r, _: (an_approval_less(e), r),
    "an approver is an author": lambda e, r, _: (another_author(e, "grace@example.com"), r),
    "an approver opened the pull request": lambda e, r, _: (another_author(e, "g-hopper"), r),
    "an author whom nobody knows": lambda e, r, _: (another_author(e, "zed@example.com"), r),
    "two people are one": lambda e, r, _: (of_people(e, one_person), r),
    "an approver leaves the list": lambda e, r, _: (of_people(e, lambda p: People(p.members[:1])), r),
    "an author leaves the list": lambda e, r, _: (of_people(e, lambda p: People(p.members[1:])), r),
    "an unsigned commit": lambda e, r, _: (unsigned(e), r),
    "signatures to have": lambda e, r, _: (e, replace(r, signed_commits=True)),
    "a plan of another release": lambda e, r, _: (of_another_release(e), r),
    "a stack that is touched": lambda e, r, at: (
        in_source(e, lambda one: {"touched_at": later(one.touched_at, at)}),
        r,
    ),
    "a freeze": lambda e, r, _: (e, frozen(r)),
    "a longer soak": lambda e, r, _: (e, replace(r, soak=r.soak + HOUR)),
    "an approval more to have": lambda e, r, _: (e, replace(r, approvals=r.approvals + 1)),
    "a gate that nobody knows": lambda e, r, _: (e, replace(r, gates=(*r.gates, "sock"))),
    **{
        f"no {name}": lambda e, r, _, name=name: (replace(e, **{name: GONE}), r)  # type: ignore[misc]
        for name in ("git", "branch", "parity", "checked", "approvals", "plan", "people")
    },
    "no source": lambda e, r, _: (replace(e, sources={"orders": GONE}), r),
    "no target": lambda e, r, _: (replace(e, targets={"orders": GONE}), r),
    "nobody asked": lambda e, r, _: (replace(e, sources={}, targets={}), r),
}


def test_harm_never_helps() -> None:
    """With one thing more against a release no gate, and so no decision, says anything better (REQ-G6)."""
    worse: Counter[str] = Counter()

    @LAWS
    @given(anything | everything_is_well, rules, times)
    def law(found: Evidence, of: Rule, at: datetime) -> None:
        before = decide(found, of)
        for harm, do in HARMS.items():
            after = decide(*do(found, of, at))
            pairs = list(zip(before.judged, after.judged, strict=False))
            assert len(pairs) == len(GATES)
            for good, bad in pairs:
                assert _harm(good.verdict.state) <= _harm(bad.verdict.state), (harm, good, bad)
            assert _harm(before.state) <= _harm(after.state)
            worse[harm] += any(_harm(a.verdict.state) < _harm(b.verdict.state) for a, b in pairs) or len(
                after.judged
            ) > len(pairs)

    law()
    assert worse.keys() == HARMS.keys()
    assert [harm for harm in HARMS if worse[harm] < 3] == [], worse


def test_what_is_under_way_is_waited_for_and_lets_nothing_in() -> None:
    """While a stack is in progress nothing enters; an error or a refusal elsewhere stays one (REQ-G6, REQ-G7)."""
    ended: Counter[str] = Counter()

    @LAWS
    @given(anything | everything_is_well, rules)
    def law(found: Evidence, of: Rule) -> None:
        before, after = decide(found, of), decide(replace(found, plan=UNDER_WAY), of)
        assert after.state != "success"
        others = [one for one in before.judged if one.gate not in {"approval", "data-loss"}]
        assert [one for one in after.judged if one.gate not in {"approval", "data-loss"}] == others
        states = [one.verdict.state for one in others]
        assert _harm(after.state) >= max(map(_harm, states))
        ended[after.state] += 1

    law()
    assert ended["pending"] > 5 and ended["error"] > 5, ended


def _harm(state: Any) -> int:
    return BY_HARM.index(state)
