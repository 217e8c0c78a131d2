"""Beta, the weight of the KL: its schedule, and what it is called in other programs."""
