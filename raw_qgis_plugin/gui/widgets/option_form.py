# SPDX-License-Identifier: GPL-2.0-or-later
"""The form of an operation's options in a window, made from their declaration in core/specs.py."""

from __future__ import annotations

from typing import Any

from qgis.PyQt.QtWidgets import QCheckBox, QComboBox, QDoubleSpinBox, QFormLayout, QSpinBox, QWidget

from ...core.options import Option, Spec, options_of
from ...layers.words import tr

LARGEST = 100_000  # of numbers without a maximum


class OptionForm(QFormLayout):
    """One row an option. The boxes are named raw_ and the option's name."""

    def __init__(self, spec: type[Spec], *leave_out: str) -> None:
        """leave_out: names of options that the window does not ask."""
        super().__init__()
        self.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        self.options = {each.parameter: each for each in options_of(spec) if each.name not in leave_out}
        self.boxes = {name: box_of(each) for name, each in self.options.items()}
        for name, box in self.boxes.items():
            self.addRow(tr(self.options[name].label), box)

    def values(self) -> dict[str, Any]:
        """The parameters of Processing, as they stand in the boxes."""
        return {name: value_of(box) for name, box in self.boxes.items()}

    def show_values(self, values: dict[str, Any]) -> None:
        """Put parameters of Processing into the boxes. Unknown and unsuitable ones are passed over."""
        for name, box in self.boxes.items():
            value = values.get(name)
            if isinstance(box, QComboBox):
                box.setCurrentIndex(max(box.findData(value), 0))
            elif isinstance(box, QCheckBox):
                box.setChecked(bool(value))
            elif isinstance(value, (int, float)):
                box.setValue(self.options[name].kind(value))


def box_of(option: Option) -> QWidget:
    """The box of an option, with its default, limits, unit and help."""
    names = {"objectName": f"raw_{option.name}", "toolTip": tr(option.help) if option.help else ""}
    if option.choices:
        box = QComboBox(**names)
        for choice in (("",) if option.default is None else ()) + option.choices:
            box.addItem(tr(choice) if choice else "", choice)
        box.setCurrentIndex(max(box.findData(option.default), 0))
        return box
    if option.kind is bool:
        return QCheckBox(checked=option.default, **names)
    low = 0 if option.minimum is None else option.minimum
    limits = {"minimum": low, "maximum": LARGEST if option.maximum is None else option.maximum}
    kind = QSpinBox if option.kind is int else QDoubleSpinBox
    return kind(**limits, value=option.default, suffix=f" {option.unit}" if option.unit else "", **names)


def value_of(box: QWidget) -> Any:
    """What stands in a box."""
    if isinstance(box, QComboBox):
        return box.currentData()
    return box.isChecked() if isinstance(box, QCheckBox) else box.value()
