"""What every measurement uses: a database and processes for its length, load, tables, plots."""
