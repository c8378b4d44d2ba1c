"""The intrinsic functions, one Python function each, and the table that registers them."""

from __future__ import annotations

from collections.abc import Mapping

from validator.effective.intrinsics.lists import cidr, get_azs, length, select
from validator.effective.intrinsics.logic import if_, misplaced
from validator.effective.intrinsics.lookups import find_in_map, import_value, stack_output, transform
from validator.effective.intrinsics.references import get_att, given, ref
from validator.effective.intrinsics.strings import base64, join, split, sub, to_json_string
from validator.effective.scope import Function

FUNCTIONS: Mapping[str, Function] = {
    "Ref": ref,
    "Fn::GetAtt": get_att,
    "Fn::Sub": sub,
    "Fn::Join": join,
    "Fn::Split": split,
    "Fn::Select": select,
    "Fn::FindInMap": find_in_map,
    "Fn::If": if_,
    "Fn::Base64": base64,
    "Fn::Cidr": cidr,
    "Fn::GetAZs": get_azs,
    "Fn::ImportValue": import_value,
    "Fn::GetStackOutput": stack_output,
    "Fn::Length": length,
    "Fn::ToJsonString": to_json_string,
    "Fn::Transform": transform,
    "$symbol": given,
} | dict.fromkeys(("Fn::And", "Fn::Or", "Fn::Not", "Fn::Equals"), misplaced)
"""The functions that stand in resources and outputs, by the key that calls them."""
