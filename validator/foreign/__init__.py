"""Sceptre projects that were not born here: any hierarchy of stack groups, read offline as Sceptre reads it (REQ-V1).

Nothing of the project runs: no hook, no resolver, no Python template, and no Jinja outside the sandbox. `survey` is the
way in, `description` the project's own `lockstep.yaml`.
"""
