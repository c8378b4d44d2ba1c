"""Values that name their environment become symbols, so that environments compare by structure. Pure (REQ-V3).

`dev-app-queue` and `prod-app-queue` are both `${environment}-app-queue`. A name, an account or a region counts where it
stands as a whole word; text that is part of another word is left as it is.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache

from ..effective import Symbol, concat
from ..effective.symbols import STRING
from ..model import Value

Part = str | Symbol
_NETWORK = re.compile(r"vpc|subnet|network", re.IGNORECASE)
_CIDR = re.compile(r"cidr", re.IGNORECASE)
_ADDRESS = re.compile(r"[0-9.]+/[0-9]+")


@dataclass(frozen=True, slots=True)
class Identity:
    """What names one environment: its own name, the name of its folder, the account and the region."""

    names: tuple[str, ...]
    account: str
    region: str
    declared: frozenset[str] = frozenset()
    find: re.Pattern[str] | None = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "find", _finder(self.names, self.account, self.region))

    def of_parameter(self, name: str, value: Value) -> Symbol | None:
        """Return the symbol of a parameter that names its environment; None for another.

        A parameter that is declared to name it is a symbol whole; a network's symbol keeps the length of its prefix.
        """
        if name in self.declared:
            return Symbol.named(f"identity:{name}")
        if isinstance(value, Symbol):
            return self.of_symbol(value)
        text = value if isinstance(value, str) else ",".join(value)
        if "/" in text and _CIDR.search(name) and _NETWORK.search(name):
            network = _network(name, text)
            if network is not None:
                return network
        return self.of(text)

    def of(self, text: str) -> Symbol | None:
        """Return the symbol of a text that names its environment; None for another."""
        if self.find is None or self.find.search(text) is None:
            return None
        return _symbol(self.names, self.account, self.region, text)

    def of_symbol(self, value: Symbol) -> Symbol | None:
        """Return a symbol without what names its environment in the texts that it holds; None where there is none."""
        if value.kind != STRING:
            text = self.written(value.text)
            return None if text == value.text else Symbol.named(text)
        parts = [(self.of(part) or part) if isinstance(part, str) else part for part in value.args]
        found = concat(parts)
        return None if found == value or not isinstance(found, Symbol) else found

    def of_value(self, value: Value) -> Symbol | None:
        """Return the symbol of any value that names its environment; None for another."""
        if isinstance(value, Symbol):
            return self.of_symbol(value)
        return self.of(value if isinstance(value, str) else ",".join(value))

    def written(self, text: str) -> str:
        """Return a text with placeholders for what names the environment: `<environment>/vpc.yaml::VpcId`."""
        find = _finder(self.names, self.account, self.region)
        return (
            find.sub(lambda found: f"<{_called(found, self.account, self.region)}>", text) if find else text
        )


@lru_cache(maxsize=1024)
def _finder(names: tuple[str, ...], account: str, region: str) -> re.Pattern[str] | None:
    """Return what finds every word that names an environment, in small letters, capitals and with one capital."""
    forms = {form for name in names if name for form in (name, name.lower(), name.upper(), name.capitalize())}
    words = sorted({*forms, account, region} - {""}, key=lambda word: (-len(word), word))
    if not words:
        return None
    return re.compile(rf"(?<![A-Za-z0-9])(?:{'|'.join(map(re.escape, words))})(?![A-Za-z0-9])")


def _called(found: re.Match[str], account: str, region: str) -> str:
    """Return the name of the symbol for a word: another for each way of writing it."""
    word = found[0]
    if word in (account, region):
        return "account" if word == account else "region"
    forms: dict[str, Callable[[str], str]] = {"environment": str.lower, "ENVIRONMENT": str.upper}
    return next((name for name, form in forms.items() if form(word) == word), "Environment")


@lru_cache(maxsize=65536)
def _symbol(names: tuple[str, ...], account: str, region: str, text: str) -> Symbol | None:
    find = _finder(names, account, region)
    parts: list[Part] = []
    end = 0
    for found in find.finditer(text) if find else ():
        parts += (text[end : found.start()], Symbol.named(_called(found, account, region)))
        end = found.end()
    symbol = concat([*parts, text[end:]])
    return symbol if isinstance(symbol, Symbol) else None


def _network(name: str, text: str) -> Symbol | None:
    """Return the symbol of a private IPv4 network, or of several with commas between; None for another text."""
    parts: list[Part] = []
    for item in text.split(","):
        try:
            network = (
                ipaddress.IPv4Network(item.strip(), strict=False)
                if _ADDRESS.fullmatch(item.strip())
                else None
            )
        except ValueError:
            return None
        if network is None or not network.is_private:
            return None
        parts += (Symbol.named(f"network:{name}"), f"/{network.prefixlen},")
    symbol = concat([*parts[:-1], str(parts[-1]).removesuffix(",")])
    return symbol if isinstance(symbol, Symbol) else None
