"""What the pages of services are made of: the form with its dry run, versions, dependents, examples."""
