"""The contract: a table of all routes and deliveries, and the OpenAPI document generated from it."""
