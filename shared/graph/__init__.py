"""All that speaks Microsoft Graph, in Graph's own words."""
