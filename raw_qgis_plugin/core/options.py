# SPDX-License-Identifier: GPL-2.0-or-later
"""Options of an operation, each declared once: as a field of the frozen dataclass that the
operation takes.

Processing's parameters (processing/form.py), the commands' flags (model/cli.py), the dock's forms
(gui/widgets/option_form.py), the help and docs/reference are made from these fields:

    @dataclass(frozen=True)
    class FlowSpec(Spec):
        size_m: float = option(1000.0, "Size of the hexagons", unit="m", minimum=50)

gives the parameter SIZE, the flag --size, and a box 'Size of the hexagons (m)' that takes numbers
from 50.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, fields
from typing import Any

from .errors import InputError


@dataclass(frozen=True)
class Option:
    """What all forms need to know of one option.

    minimum, maximum: the values allowed, both included. choices: the words allowed. default: None
    where the option may stay empty. advanced: folded away in forms.
    """

    name: str
    default: Any
    label: str
    help: str
    unit: str = ""  # 'm', 'min' … as shown
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[str, ...] = ()
    advanced: bool = False

    @property
    def kind(self) -> type:
        """The type of the values: bool, int, float or str."""
        if self.default is not None:
            return type(self.default)
        return float if self.minimum is not None else str

    @property
    def parameter(self) -> str:
        """The published name: the field's without its unit, in capitals."""
        return self.name.removesuffix(f"_{self.unit}").upper()

    @property
    def flag(self) -> str:
        """The published flag of commands."""
        return "--" + self.parameter.lower().replace("_", "-")

    def check(self, value: Any) -> None:
        """InputError where a value is not allowed."""
        if value is None and self.default is None:
            return
        if self.choices:
            self._check_choice(value)
        elif self.kind in (int, float):
            self._check_number(value)

    def _check_choice(self, value: Any) -> None:
        if value not in self.choices:
            words = "{parameter} has to be one of {known}, not {value}."
            known = ", ".join(self.choices)
            raise InputError(words, parameter=self.parameter, known=known, value=value)

    def _check_number(self, value: float) -> None:
        low = -math.inf if self.minimum is None else self.minimum
        high = math.inf if self.maximum is None else self.maximum
        if not low <= value <= high:
            words = "{parameter} has to be a number from {low:g} to {high:g}, not {value:g}."
            if self.maximum is None:
                words = "{parameter} has to be a number of {low:g} or more, not {value:g}."
            least = self.minimum or 0
            raise InputError(words, parameter=self.parameter, low=least, high=high, value=value)


def option(default: Any, label: str, help: str = "", **more: Any) -> Any:
    """A field of a spec, with more of `Option`. A field's name ends with its unit where it can."""
    return field(default=default, metadata={"label": label, "help": help, **more})


@dataclass(frozen=True)
class Spec:
    """The options of one operation. Making one raises InputError where a value is not allowed."""

    def __post_init__(self) -> None:
        for each in options_of(type(self)):
            each.check(getattr(self, each.name))


def options_of(spec: type[Spec]) -> list[Option]:
    """The options of a spec, in the order of its fields."""
    return [
        Option(each.name, each.default, **each.metadata) for each in fields(spec) if each.metadata
    ]
