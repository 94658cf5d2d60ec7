"""chapters - the tables. Each module's first line is its title; CASES are its rows."""
