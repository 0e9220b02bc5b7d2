"""What drafts plans: a model with its prompts, or the composer, which wires services by names and types.

Every planner keeps :mod:`.protocol`: a job in, a draft out, never a verdict. Pure but for the model's server that
:mod:`.model` asks. Called by :mod:`planengine.drafting` and by evaluations; calls validation (to repair), the
catalogue and :mod:`planengine.llm`.
"""
