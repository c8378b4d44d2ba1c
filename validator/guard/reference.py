"""The reference of all rules, `docs/guard-rules.md`, made from their headers and the rule sets. Pure (REQ-X5)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from .rules import GuardRule
from .sets import RuleSet

_TOP = """\
<!-- Made by `python -m pipelines.guard`; a test fails when it differs from the rules. -->
# Guard rules

Rules that every stack of every environment must keep, in the language of
[AWS CloudFormation Guard](https://docs.aws.amazon.com/cfn-guard/latest/ug/what-is-guard.html) (REQ-V7). They read
effective resources, so that a value is judged as the environment gets it. A rule is a file
`guard_rules/<service>/<rule>.guard` with its cases beside it in `tests/`.

What they do not judge, and checks in Python do: tags, which are stack tags and stand in no template; the visibility
timeout of a queue against six times the timeout of its function, since Guard cannot multiply, even where both stand in
one template; whether a refusal names the objects of its own bucket, since Guard cannot put text together; and whatever
lies between stacks, such as a key, a dead letter queue or a destination of replication that another stack makes.

## How a rule is written
- The header says what the rule wants, what it evaluates, the requirements and the Security Hub controls it serves.
- A message is `Violation: ... Fix: ...`, without semicolons. A clause starts at a property, not at a variable: the
  engine gives no place for a variable. Where only a variable can tell, the clause ends in `or Type not exists`, which
  never holds and gives the place.
- Whether a list holds a value is `List[ this == %value ] !empty`: `some List[*] == %value` compares the whole list when
  the right side is a variable. `exists` is true of an empty text or list: ask for `== /./` or `!empty`.
- A `when` over several values is true only if all of them agree: `when List[*].X exists` skips in silence as soon as
  one item lacks X. Filter instead: `when List[ X exists ] !empty`.
- The document that rules read is described in `validator/guard/document.py`: symbols are text such as `${ref:Queue}`,
  each resource has `Lockstep.Ref` and `Lockstep.Arn`, and policies are always lists.
- Each rule has a SKIP, a PASS and a FAIL case; each message of it is said by a FAIL case; and a FAIL case stays one
  beside the resources of a PASS case. `tests/unit/test_guard_rules.py` holds all of it.
"""


def reference(rules: Sequence[GuardRule], sets: Iterable[RuleSet]) -> str:
    """Return the whole page."""
    parts = [_TOP, "\n".join(_services(rules)), "\n".join(_sets(sets))]
    return "\n".join(parts)


def _services(rules: Sequence[GuardRule]) -> Iterator[str]:
    for service in sorted({rule.service for rule in rules}):
        yield f"## {service}"
        for rule in sorted((each for each in rules if each.service == service), key=lambda each: each.name):
            yield f"### {rule.name}\n{rule.summary}"
            yield f"\nEvaluates {rule.evaluates}.{_because(rule)}\n"
            yield "| violation | fix |\n|---|---|"
            yield from (f"| {wrong} | {mend} |" for wrong, mend in dict.fromkeys(rule.messages))
            yield ""


def _because(rule: GuardRule) -> str:
    serves = ", ".join((*rule.requirements, *rule.controls))
    return (f" Serves {serves}." if serves else "") + (f" {rule.why}" if rule.why else "")


def _sets(sets: Iterable[RuleSet]) -> Iterator[str]:
    yield "## Rule sets"
    yield "A control is mapped where AWS's page for the standard names it; a rule without such a control is in no set."
    for each in sorted(sets, key=lambda rule_set: rule_set.name):
        yield f"\n### {each.title} {each.version}\n[Source]({each.source})\n"
        yield "| control | Security Hub | title | rules |\n|---|---|---|---|"
        for control in each.controls:
            rules = ", ".join(f"`{name}`" for name in control.rules)
            yield f"| {control.id} | {control.security_hub} | {control.title} | {rules} |"
