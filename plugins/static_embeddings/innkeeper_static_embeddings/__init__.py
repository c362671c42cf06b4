"""An embedding model for Innkeeper that needs no network: a mean of stored vectors, one for each token."""
