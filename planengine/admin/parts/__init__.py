"""Parts of pages that hold no model of their own: pictures of plans, decisions in words, the form of a replay."""
