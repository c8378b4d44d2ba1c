"""Parity: what differs between two environments, what caused it, and who declared it (REQ-V3, REQ-V4). Pure."""

from validator.parity.compare import Cause, Difference
from validator.parity.declarations import Declaration
from validator.parity.explain import Explained, declared_by, explain
from validator.parity.judge import Place, Places, judge, place_of
from validator.parity.matching import declares, matches_place
from validator.parity.pairs import Half, Pair, compare, pair_of, pairs_of, whole
from validator.parity.policy import Declared, Policy, read_policy
from validator.parity.propose import propose
from validator.parity.sides import ABSENT
from validator.parity.words import shown

__all__ = [
    "ABSENT",
    "Cause",
    "Declaration",
    "Declared",
    "Difference",
    "Explained",
    "Half",
    "Pair",
    "Place",
    "Places",
    "Policy",
    "compare",
    "declared_by",
    "declares",
    "explain",
    "judge",
    "matches_place",
    "pair_of",
    "pairs_of",
    "place_of",
    "propose",
    "read_policy",
    "shown",
    "whole",
]
