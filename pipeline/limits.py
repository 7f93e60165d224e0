from __future__ import annotations

FILES = 256
FILE_BYTES = 1024 * 1024
FILE_NAME_BYTES = 255
BRANCHES = 64
COMMENT_LENGTH = 2000
AUTHOR_LENGTH = 254

# The history of one branch: so many revisions, of so many bytes together as they are kept.
REVISIONS = 50
HISTORY_BYTES = 16 * 1024 * 1024
AUTOSAVE_SECONDS = 300  # of what one author saves by itself, one revision in such a span is kept

# A comparison never costs or answers more than this; what is beyond is told as cut.
DIFF_LINES = 600_000  # the product of both sides' lines between the first and the last difference
DIFF_SECONDS = 2.0
DIFF_FILE_CHARS = 256 * 1024
DIFF_CHARS = 2 * 1024 * 1024

SYNTAX_FAULTS = 50  # so many are told at once
ARCHIVED_RELEASES = 10_000
