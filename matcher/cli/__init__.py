"""The command line: parses arguments, calls the pipeline, prints. No logic of its own."""
