"""Rows in and out of SQLite or Postgres; SQLAlchemy, and nowhere else. Knows no policy.

Every function takes a connection whose transaction the caller opened (``engine.Database``) and returns domain objects.
"""
