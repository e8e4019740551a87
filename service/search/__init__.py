"""Finding documents: what was typed becomes a tree, the tree becomes hits, on either engine."""
