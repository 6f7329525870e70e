"""Registration of potential companies and workers: potential, verified, registered, refused."""
