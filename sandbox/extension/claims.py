"""What an extension is: one gap of ministack, and what is said about it on the sandbox's page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from sandbox.extension.names import Name


class Level(StrEnum):
    """How much of a service the sandbox really does."""

    EMULATED = "emulated"
    """The service's own calls show and do what the template says."""

    RECORDED = "recorded"
    """The properties are kept and shown, and nothing acts on them."""

    ABSENT = "absent"
    """Not there; a template that needs it is refused, or the value is ignored as the note says."""


@dataclass(frozen=True, slots=True)
class Claim:
    """One line of the sandbox's page: a resource type, a property or a behaviour, and its level."""

    subject: str
    level: Level
    note: str


@dataclass(frozen=True, slots=True)
class Extension:
    """One gap of ministack and the code that fills it."""

    name: str
    """The stem of its file."""

    claims: tuple[Claim, ...]
    names: tuple[Name, ...]
    """Every name of ministack that the code calls or replaces."""

    install: Callable[[], None]
    """Fills the gap; called once, in the server's process, before it serves."""


def emulated(subject: str, note: str) -> Claim:
    """Return the claim that the sandbox really does this."""
    return Claim(subject, Level.EMULATED, note)


def recorded(subject: str, note: str) -> Claim:
    """Return the claim that the sandbox keeps this and does not act on it."""
    return Claim(subject, Level.RECORDED, note)


def absent(subject: str, note: str) -> Claim:
    """Return the claim that the sandbox does not have this."""
    return Claim(subject, Level.ABSENT, note)
