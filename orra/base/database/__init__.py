"""What Postgres is to orra, whatever is stored in it: sessions, its clock, pages of rows, migrations, a replica,
and what takes too long.
"""
