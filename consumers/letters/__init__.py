"""Dead letters in the hands of an operator: found, shown, retried, discarded."""
