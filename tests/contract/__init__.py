"""Both OpenAPI documents, tried on the running services."""
