"""The design (every knob, once) and the plan (every unit of work, resolved once)."""
