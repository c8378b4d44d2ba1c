"""Functions that make lists or take from them: Select, Length, GetAZs, Cidr."""

from __future__ import annotations

import ipaddress
from typing import Any

from validator.effective.intrinsics.arguments import evaluated, items, need_extensions, text, whole_number
from validator.effective.intrinsics.strings import call
from validator.effective.scope import IntrinsicError, Scope
from validator.effective.symbols import NO_VALUE, Symbol
from validator.effective.template import Path

_MAX_BLOCKS = 256


def select(scope: Scope, argument: Any, at: Path, src: Path) -> Any:
    """`Fn::Select`: one item of a list by its index from 0.

    Source: Template Reference, "Fn::Select": no check for null values or an index out of bounds is made by
    CloudFormation before deployment; here it is a problem.
    """
    position, listed = items(argument, "Fn::Select", 2)
    index = whole_number(scope.value(position, at, (*src, 0)), "the index of Fn::Select")
    values = scope.value(listed, at, (*src, 1))
    if isinstance(index, int) and isinstance(values, list):
        if index >= len(values):
            raise IntrinsicError(f"Fn::Select asks for item {index} of a list of {len(values)}")
        return values[index]
    if isinstance(values, Symbol):
        if values.kind == "azs" and isinstance(index, int):
            return Symbol("az", (values.args[0], str(index)))
        return call(scope, "select", index, values)
    if isinstance(values, list):
        return call(scope, "select", index, values)
    raise IntrinsicError("the second argument of Fn::Select must be a list")


def length(scope: Scope, argument: Any, at: Path, src: Path) -> Any:
    """`Fn::Length`: the number of items in a list.

    Source: Template Reference, "Fn::Length".
    """
    need_extensions(scope, "Fn::Length")
    value = scope.value(argument, at, src)
    if isinstance(value, Symbol):
        return call(scope, "length", value)
    if not isinstance(value, list):
        raise IntrinsicError("Fn::Length takes a list")
    return len(value)


def get_azs(scope: Scope, argument: Any, at: Path, src: Path) -> Any:
    """`Fn::GetAZs`: the availability zones of a region, as symbols `az:<region>:<index>`.

    Which zones an account sees, and in which order, is known only once deployed. An empty argument is the
    stack's own region. Source: Template Reference, "Fn::GetAZs".
    """
    region = text(scope.value(argument, at, src), "the region of Fn::GetAZs")
    if region == "":
        scope.note("pseudo", "AWS::Region")
        region = scope.pseudo["AWS::Region"]
    if scope.zones is None:
        return Symbol("azs", (region,))
    if isinstance(scope.zones, int):
        return [Symbol("az", (region, str(index))) for index in range(scope.zones)]
    return list(scope.zones)


def cidr(scope: Scope, argument: Any, at: Path, src: Path) -> Any:
    """`Fn::Cidr`: the first `count` blocks of `cidrBits` host bits inside an IPv4 or IPv6 block.

    Of a symbolic block, or without `cidrBits`, whose default is not documented, the results are the symbols
    `cidr(block, bits, index)`, which do not depend on the count.
    Source: Template Reference, "Fn::Cidr".
    """
    arguments = evaluated(scope, items(argument, "Fn::Cidr", 2, 3), at, src)
    block = text(arguments[0], "the block of Fn::Cidr")
    count = whole_number(arguments[1], "the count of Fn::Cidr")
    left_out = len(arguments) < 3 or arguments[2] is NO_VALUE
    bits = None if left_out else whole_number(arguments[2], "the bits of Fn::Cidr")
    if isinstance(count, Symbol):
        return call(scope, "cidr", block, "" if bits is None else bits, count)
    if not 1 <= count <= _MAX_BLOCKS:
        raise IntrinsicError(f"the count of Fn::Cidr is from 1 to {_MAX_BLOCKS}, and here {count}")
    scope.spend(count)
    if isinstance(block, Symbol) or not isinstance(bits, int):
        size = "" if bits is None else bits
        return [call(scope, "cidr", block, size, index) for index in range(count)]
    return _blocks(block, count, bits)


def _blocks(block: str, count: int, bits: int) -> list[str]:
    try:
        network = ipaddress.ip_network(block, strict=False)
    except ValueError as error:
        raise IntrinsicError(f"Fn::Cidr needs an address block, not {block!r}") from error
    prefix = network.max_prefixlen - bits
    if not network.prefixlen <= prefix <= network.max_prefixlen or bits < 1:
        raise IntrinsicError(f"Fn::Cidr cannot cut blocks of {bits} host bits out of {block}")
    if count > 1 << (prefix - network.prefixlen):
        fit = 1 << (prefix - network.prefixlen)
        raise IntrinsicError(f"{block} holds {fit} blocks of {bits} host bits, and Fn::Cidr asks for {count}")
    base = int(network.network_address)
    made = type(network.network_address)
    return [f"{made(base + (index << bits))}/{prefix}" for index in range(count)]
