"""Requests for watches, their sources and quota, and what Graph's errors mean for a watch."""
