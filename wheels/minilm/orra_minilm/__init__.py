"""The published files of sentence-transformers/all-MiniLM-L6-v2 that orra reads, in the folder ``model``."""
