"""The page (`recon web`): thin, rendered on the server, and calling the same functions as the command line."""
