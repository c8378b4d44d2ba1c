"""Lambda functions for tests: a zip of one module, deployed by a small template."""

from __future__ import annotations

import io
import textwrap
import zipfile

ROLE = """
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement: [{Effect: Allow, Principal: {Service: lambda.amazonaws.com}, Action: "sts:AssumeRole"}]
      Policies:
        - PolicyName: own
          PolicyDocument:
            Version: "2012-10-17"
            Statement: [{Effect: Allow, Action: ["ssm:GetParameter", "dynamodb:PutItem", "sqs:*"], Resource: "*"}]
"""
"""A role with what the functions of these tests call."""


def package(source: str) -> bytes:
    """Return a zip with the source as `code.py`."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        archive.writestr("code.py", textwrap.dedent(source))
    return written.getvalue()
