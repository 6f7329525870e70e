"""Training of the models: invented registers with known truth, and the weights counted on them."""
