"""The rows of the table of faults; each module is one row, each of its functions one way to fail."""
