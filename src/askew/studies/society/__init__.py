"""Society: when some of the agents of a society are bent, what becomes of the others?"""
