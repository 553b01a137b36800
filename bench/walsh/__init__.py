"""What a Walsh-Hadamard transform costs and saves on the array: area, operations, switching activity.

``python -m bench.walsh`` writes ``bench/walsh/results.json`` and the tables of ``docs/walsh-hadamard.md``.
"""
