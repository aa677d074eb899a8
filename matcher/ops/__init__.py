"""Operating the nightly work: structured logs, mail, health and metrics. Shared by the command line and the worker."""
