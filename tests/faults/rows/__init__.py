"""The rows of the table of faults: a module for each, and in it a function for each way to fail."""
