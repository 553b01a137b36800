"""Ablations: one question each, answered by training the same way what differs in that one respect.

``python -m bench.ablations NAME`` runs one, writes ``bench/ablations/NAME.json``, the table of
``docs/ablations.md`` and the figure in ``docs/ablations``.
"""
