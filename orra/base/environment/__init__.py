"""What the environment says: variables that are read, secrets in files, and names that were misspelt."""
