"""The version of the relay and of its command line. All that names the version takes it from here."""

VERSION = "0.1.0"
