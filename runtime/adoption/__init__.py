"""A card for a model of others: what labeled pictures decide and prove."""
