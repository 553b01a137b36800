"""Sweep: train, quantise, simulate and measure every point of a grid, on Dask.

Data flow: ``grid`` (what the user asks for) to ``point`` (what identifies a result) to ``run`` (Dask) and
``work`` (what a worker does) to ``store`` (finished results) to ``table`` and ``plots``.
"""
