"""The relay's use cases over a Graph, a partner and storage in memory, on a clock that is moved. Never deployed."""
