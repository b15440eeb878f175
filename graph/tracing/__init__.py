"""Following money: from reports to flows, and along them. Pure functions: no database, no files, no clock."""
