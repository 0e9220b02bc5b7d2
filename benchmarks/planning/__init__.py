"""How models plan: prompts, scripted weak models, and small ones with real weights."""
