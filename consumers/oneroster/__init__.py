"""A school's roster from OneRoster 1.1 CSV files, as the events that a platform would publish."""
