"""What the charts and the table of a study are drawn from, thinned to what an eye can tell apart, as JSON."""
