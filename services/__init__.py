"""What runs the exchange: plumbing, registry, identity, evidence, reconciler, `hub` command."""
