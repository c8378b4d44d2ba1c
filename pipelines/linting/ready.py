"""cfn-lint imported and its rules loaded: what each worker process begins with. Imported where workers come from."""

from pipelines.linting.engine import rules

rules()
