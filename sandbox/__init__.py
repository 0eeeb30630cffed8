"""What stands in for a Microsoft 365 tenant, its partner and the Functions host on one machine; never
deployed.
"""
