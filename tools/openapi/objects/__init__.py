"""Objects of the OpenAPI document that several operations share. ("OpenAPI Specification 3.1")"""
