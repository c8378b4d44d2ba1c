"""Where a stack goes: what the pseudo parameters say there."""

from __future__ import annotations

from dataclasses import dataclass

from validator.effective.symbols import Symbol

_PARTITIONS = (
    ("cn-", "aws-cn", "amazonaws.com.cn"),
    ("us-gov-", "aws-us-gov", "amazonaws.com"),
    ("us-isob-", "aws-iso-b", "sc2s.sgov.gov"),
    ("us-iso-", "aws-iso", "c2s.ic.gov"),
    ("eusc-", "aws-eusc", "amazonaws.eu"),
)


PSEUDO_PARAMETERS = frozenset(
    {"AWS::AccountId", "AWS::NotificationARNs", "AWS::NoValue", "AWS::Partition", "AWS::Region"}
    | {"AWS::StackId", "AWS::StackName", "AWS::URLSuffix"}
)
"""The names that `Ref` knows everywhere."""


@dataclass(frozen=True, slots=True)
class Context:
    """The account, region and stack that a template is evaluated for.

    Any value may be a `Symbol`, so that identity stays symbolic when environments are compared. Empty
    `partition` and `url_suffix` follow from the region. `availability_zones` is how many zones `Fn::GetAZs`
    lists, or their names; `None` leaves the list itself a symbol, of which `Fn::Select` takes single zones.

    Source: AWS CloudFormation Template Reference, "Pseudo parameters reference".
    """

    account: str | Symbol
    region: str | Symbol
    stack_name: str | Symbol
    partition: str | Symbol = ""
    url_suffix: str | Symbol = ""
    stack_id: str | Symbol = Symbol("ref", ("AWS::StackId",))  # noqa: RUF009 - frozen, so one default for all
    notification_arns: tuple[str | Symbol, ...] = ()
    availability_zones: int | tuple[str | Symbol, ...] | None = None

    def pseudo_parameters(self) -> dict[str, str | Symbol | list[str | Symbol]]:
        """Return the value of each pseudo parameter except `AWS::NoValue`."""
        partition, suffix = _partition(self.region)
        return {
            "AWS::AccountId": self.account,
            "AWS::NotificationARNs": list(self.notification_arns),
            "AWS::Partition": self.partition or partition,
            "AWS::Region": self.region,
            "AWS::StackId": self.stack_id,
            "AWS::StackName": self.stack_name,
            "AWS::URLSuffix": self.url_suffix or suffix,
        }


def _partition(region: str | Symbol) -> tuple[str | Symbol, str | Symbol]:
    if isinstance(region, Symbol):
        return Symbol.named("partition"), Symbol.named("url_suffix")
    for prefix, partition, suffix in _PARTITIONS:
        if region.startswith(prefix):
            return partition, suffix
    return "aws", "amazonaws.com"
