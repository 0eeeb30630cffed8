"""A simulated Microsoft 365 tenant: login, managed identity, Key Vault and Graph, held to Microsoft's
documents.
"""
