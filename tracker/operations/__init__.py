"""The care of a running service: health, logs, backups, the second factor, what beat and worker need."""
