"""The unattended work: a run over an inbox cut into jobs that one process does alone or many share.

receive (claim files, keep their bytes) -> ingest jobs -> match jobs -> finished. Accounts are matched only when every
file of the run is read: what is cleared must not depend on which file happened to come first. The embedded database
and the distributed way run exactly this code; they differ in who claims the jobs.
"""
