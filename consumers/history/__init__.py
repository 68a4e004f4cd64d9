"""`import_history`: the conversations of the replaced system, as if this one had always kept them.

`importing` goes through them; `source` reads the replaced system's MongoDB, `conversion` and
`planning` turn its documents into ours, `storing` writes them (decision 0021).
"""
