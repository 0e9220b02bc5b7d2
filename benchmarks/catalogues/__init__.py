"""Large catalogues, and catalogues made of real documents."""
