"""The command `dataverse`: the environment by the administrator's own sign-in, the feature by the relay."""
