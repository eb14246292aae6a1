"""Studies: one folder each, with its arms, rows, probes, measures, reading and report section."""
