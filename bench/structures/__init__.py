"""What structure buys: studies of fixed transforms, product-of-sums weights and other functions than tanh.

``python -m bench.structures NAME`` runs one, writes ``bench/structures/NAME.json``, its table in
``docs/structures.md`` and its figure in ``docs/structures``. All train by the plain recipe of ``bench.ablations``.
"""
