# SPDX-License-Identifier: GPL-2.0-or-later
"""The contract of a bundle: its files, and the names in its graphs and tables.

model/ writes bundles by this contract; the rooms above read them by it.
"""

from __future__ import annotations

FORMAT_VERSION = 3
CARD_FILE = "card.json"
SUMS_FILE = "SHA256SUMS"
README_FILE = "README.md"
WEIGHTS_FILE = "weights.safetensors"
HEADS = "heads"  # a folder with a file of arrays a head: see heads.py

# beside horizon_s, one table a kind of context
CALIBRATION_COLUMNS = ("factor50", "factor80", "share50", "share80")


class Limits:
    """The largest bundle that is opened."""

    bytes: int = 8 * 2**30  # unpacked; raw-1b in fp32 takes half
    # of unpacked to packed bytes of a large one; weights, which are most of a bundle, hardly shrink
    ratio: int = 50
    text_bytes: int = 4 * 2**20  # of the card, which has some 6,000 a head, and of the sums
    readme_bytes: int = 2**18
    depth: int = 200  # of a card: one more with each training that went before
    number: float = 1e18  # the largest in a card
    name: int = 100  # letters of a model's
    heads: int = 300
    files: int = 308  # heads and the other members
    width: int = 65_536
    head_bytes: int = 64 * 2**20
    parts: int = 100  # of a head
    # of the trees of a head: their number times their depth; those that RAW teaches have 720
    tree_steps: int = 20_000
    # of the trees of a head: their number times its outputs, which are looked up for each person
    tree_values: int = 200_000
    # numbers that are looked up together: 64 MB
    values_at_once: int = 8_000_000


# Names of the inputs and outputs of RAW's graphs, in their order
BACKBONE_OUTPUTS = ("states", "parameters", "options", "present_keys", "present_values")
SCORER_OUTPUTS = ("log_weights", "scales", "leads_to")
