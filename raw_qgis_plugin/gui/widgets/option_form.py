# SPDX-License-Identifier: GPL-2.0-or-later
"""The form of an operation's options in a window, made from their declaration in core/specs.py."""

from __future__ import annotations

from typing import Any

from qgis.PyQt.QtWidgets import QComboBox, QDoubleSpinBox, QFormLayout, QWidget

from ...core.options import Option, Spec, options_of
from ...layers.words import tr

LARGEST = 100_000  # of numbers without a maximum


class OptionForm(QFormLayout):
    """One row an option that is a choice or a number. The boxes are named raw_ and the option's
    name.
    """

    def __init__(self, spec: type[Spec], *leave_out: str) -> None:
        """leave_out: names of options that the window does not ask."""
        super().__init__()
        self.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        self.boxes: dict[str, QWidget] = {}  # by the names of Processing's parameters
        for option in options_of(spec):
            if option.name not in leave_out:
                self.boxes[option.parameter] = box_of(option)
                self.addRow(tr(option.label), self.boxes[option.parameter])

    def values(self) -> dict[str, Any]:
        """The parameters of Processing, as they stand in the boxes."""
        boxes = self.boxes.items()
        return {
            name: box.currentData() if isinstance(box, QComboBox) else box.value()
            for name, box in boxes
        }

    def show_values(self, values: dict[str, Any]) -> None:
        """Put parameters of Processing into the boxes, except unknown and unsuitable ones."""
        for name, box in self.boxes.items():
            value = values.get(name)
            if isinstance(box, QComboBox):
                box.setCurrentIndex(max(box.findData(value), 0))
            elif isinstance(value, (int, float)):
                # else Qt refuses a number too large
                box.setValue(min(max(value, box.minimum()), box.maximum()))


def box_of(option: Option) -> QWidget:
    """The box of an option, with its default, limits, unit and help."""
    names = {"objectName": f"raw_{option.name}", "toolTip": tr(option.help) if option.help else ""}
    if option.choices:
        box = QComboBox(**names)
        for choice in (("",) if option.default is None else ()) + option.choices:
            box.addItem(tr(choice) if choice else "", choice)
        box.setCurrentIndex(max(box.findData(option.default), 0))
        return box
    limits = {"minimum": option.minimum or 0, "maximum": option.maximum or LARGEST}
    return QDoubleSpinBox(
        **limits, value=option.default, suffix=f" {option.unit}" if option.unit else "", **names
    )
