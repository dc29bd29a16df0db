"""One device, store or service each; they translate every library error. No Qt."""
