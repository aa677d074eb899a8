"""The use cases that write the books. One file a use case; each function takes a unit of work."""
