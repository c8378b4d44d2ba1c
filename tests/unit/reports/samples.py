"""Reports to render: an ordinary one, one without findings, and one whose every text is hostile."""

from __future__ import annotations

from validator.findings import Finding, Severity
from validator.reports import CheckFacts, Report

QUEUE = """\
Resources:
  Queue:
    Type: AWS::SQS::Queue
    Properties:
      MessageRetentionPeriod: 86400
      QueueName: !Sub "${NamePrefix}queue${NameSuffix}"
"""
CONFIG = "workloads:\n  orders:\n    functions:\n      memory_mb: 2048\n"
CHECKS = {
    facts.id: facts
    for facts in (
        CheckFacts(
            "encryption",
            "Data at rest is encrypted with a customer key",
            "Name the stack's key in KmsMasterKeyId.",
            "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-data-encryption.html",
        ),
        CheckFacts("parity", "Environments differ only where someone declared it", "Declare it.", "REQ-V3"),
        CheckFacts("cidr", "Networks of the monorepo are disjoint", "Choose a free range.", "REQ-P4"),
    )
}
ORDINARY = Report(
    findings=(
        Finding(
            "encryption",
            Severity.ERROR,
            "templates/queue.yaml",
            "Resources.Queue",
            2,
            "The queue is not encrypted with a customer key.",
            "Add `KmsMasterKeyId: !Ref DataKeyArn`.",
            ("dev", "staging", "prod"),
        ),
        Finding(
            "parity",
            Severity.ERROR,
            "sceptre/config/prod/orders/config.yaml",
            "workloads.orders.functions.memory_mb",
            4,
            "order-api: MemorySize of AWS::Lambda::Function OrderApi is 2048 here and 1024 in staging.\n"
            "Because `memory_mb` differs.",
            "Make them equal, or declare it in pipelines/variance.yaml.",
            ("staging", "prod"),
        ),
        Finding(
            "parity",
            Severity.WARNING,
            "templates/queue.yaml",
            "Resources.Queue.Properties.QueueName",
            6,
            "QueueName uses ${NameSuffix}, which no environment sets.",
            "Leave the parameter out.",
        ),
        Finding(
            "unused-variance",
            Severity.WARNING,
            "pipelines/variance.yaml",
            "variances[3]",
            40,
            "This declaration fits nothing.",
            "Remove it.",
        ),
        Finding(
            "parity", Severity.ERROR, "", "", None, "Stack prod/orders/queue is missing.", "Add its file."
        ),
    ),
    stacks=54,
    seconds=2.345678,
    checks=CHECKS,
    sources={"templates/queue.yaml": QUEUE, "sceptre/config/prod/orders/config.yaml": CONFIG},
)
CLEAN = Report(findings=(), stacks=54, seconds=0.25, checks=CHECKS, sources={})

ATTACKS = (
    "<script>alert(1)</script><img src=x onerror=alert(1)></details></code></testcase>]]><!--",
    "\n::error file=x::injected\n  ::set-env name=PATH::/evil\n\u2003::stop-commands::x\r::add-mask::e",
    "##[add-mask]a ##[error]b %0A::error::c %25",
    "@everyone @org/team closes #1, fixes o/r#2, GH-3, https://evil.example www.evil.example a@evil.example",
    "[click](https://evil.example) ![i](//evil.example/i.png) `code` **bold** | cell | ~~gone~~ $x^2$ :tada:",
    "\x1b[31mred\x1b]0;title\x07 \x00 \x08 \x7f \x9b \ufffe \uffff \ud800 \u202egnp.exe \u2066 \u200b \ufeff",
    "- item\n# head\n```\nfence\n```\n> quote\n1. one\n---\n    code\n| a |\n| - |\n<details>\n\n$$\nx\n$$",
    "日本語 é e\u0301 🧨 \U0001f468\u200d\U0001f469 שלום\u2028line\u2029paragraph\x85next\x0bvt\x0cff",
    "x" * 10_000,
    "",
    "\n\n \t\n",
    "]]>&amp;&#x0;&\"'<!DOCTYPE x [<!ENTITY y SYSTEM 'file:///etc/passwd'>]>",
)


def hostile(attack: str, line: int | None = 1) -> Report:
    """A report in which a text stands wherever a text may stand."""
    finding = Finding(attack, Severity.ERROR, attack, attack, line, attack, attack, (attack,))
    facts = CheckFacts(attack, attack, attack, f"https://{attack}")
    return Report((finding,), 1, 0.0, {attack: facts}, {attack: attack})


HOSTILE = Report(
    findings=tuple(finding for attack in ATTACKS for finding in hostile(attack).findings),
    stacks=1,
    seconds=0.5,
    checks={attack: hostile(attack).checks[attack] for attack in ATTACKS},
    sources={attack: attack for attack in ATTACKS},
)
SAMPLES = {"ordinary": ORDINARY, "clean": CLEAN, "hostile": HOSTILE}


def many(number: int, text: str = "The queue is not encrypted.") -> Report:
    """A report of many findings in many files, every third an error."""
    findings = tuple(
        Finding(
            f"check-{index % 40}",
            Severity.ERROR if index % 3 == 0 else Severity.WARNING,
            f"templates/file-{index % 700}.yaml",
            f"Resources.Queue{index}",
            index + 1,
            text,
            "Encrypt it.",
            ("dev", "prod"),
        )
        for index in range(number)
    )
    return Report(findings, 3_000, 59.9, CHECKS)
