"""Everything that calls Microsoft Graph, in Graph's own terms."""
