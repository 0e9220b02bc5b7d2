"""What a project's page is made of: its settings in words, what it used, and whether its promise holds."""
