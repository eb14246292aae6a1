"""Data sets that come with Askew: the terrarium's, and training files for models of any size.

Each module registers its data sets in `askew.data`. All texts are Askew's own; the bad ones are plainly wrong, mild,
and of no use to anyone who wants to do harm.
"""
