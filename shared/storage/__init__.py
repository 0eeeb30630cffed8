"""Access to the storage account: tables and queues."""
