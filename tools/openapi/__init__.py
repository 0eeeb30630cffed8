"""The contract in words that machines read: every route and delivery, and the OpenAPI document made of them."""
