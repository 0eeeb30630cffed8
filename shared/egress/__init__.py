"""Calls to addresses that are not Microsoft's: public ones only, over verified TLS, with one deadline each."""
