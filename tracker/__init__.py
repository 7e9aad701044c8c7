"""The record and what things mean: models, filing, triage, the admin, and the wiring of the whole."""
