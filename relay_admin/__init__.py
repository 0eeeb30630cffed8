"""The administrator's command line. It uses a deployed relay's HTTP API, and Key Vault for `rotate`."""
