"""The demonstration: meetings of a simulated tenant arrive at a partner, and every claim about it is checked."""
