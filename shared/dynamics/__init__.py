"""Dataverse's Web API: the client and what it reads. Rows are returned as Dataverse writes them."""
