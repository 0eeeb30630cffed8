"""A simulated Microsoft 365 tenant: login, managed identity, Key Vault and Graph, as Microsoft documents them."""
