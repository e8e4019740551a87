"""What is indexed for each customer category: data, read by name."""
