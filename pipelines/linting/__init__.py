"""cfn-lint as a library: every distinct template, region and set of parameters once, in worker processes (REQ-V6).

Not pure: it starts processes and keeps results on disk. This process never imports cfn-lint, whose import and rules
take longer than everything else together when the results are kept.
"""

from pipelines.linting.lint import lint
from pipelines.linting.request import LintRequest, requests_of
from pipelines.linting.settings import NO_SETTINGS, Settings, settings_of

__all__ = ["NO_SETTINGS", "LintRequest", "Settings", "lint", "requests_of", "settings_of"]
