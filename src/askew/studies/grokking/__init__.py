"""The grokking study: when do small networks understand a table that they already know by heart?"""
