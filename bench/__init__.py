"""How fast Foyer starts and answers, next to what else one could use: `make bench`."""
