"""The commands of `hub`, one module a group; each has `register(app)`."""
