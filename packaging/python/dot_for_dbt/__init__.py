"""dot, a command-line tool that runs dbt at any git commit. It has no interface for Python."""
