"""What the API shows: the members of its answers, named as in the contract."""
