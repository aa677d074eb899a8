"""Facts and rules of the books. Imports the standard library only."""
