"""The reconciler: pull → link → compare → propose → deliver, over the two services' HTTP alone."""
