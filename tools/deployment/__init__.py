"""Questions about a deployment, for azd's hook infra/hooks/next.py. Standard library only: any Python runs it."""
