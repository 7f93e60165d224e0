"""One module per kind of process. Importing it loads what the process needs; `run` is its whole life."""
