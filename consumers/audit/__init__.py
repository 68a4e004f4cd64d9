"""The auditor: recomputes from the log what MongoDB must hold, and tells and mends differences.

It shares the codec with the consumer, but no numbering and no folding.
"""
