"""What a consumer does with records of the school's roster, and the import of a roster's files."""
