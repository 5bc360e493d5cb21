# SPDX-License-Identifier: GPL-2.0-or-later
"""Options of an operation, each declared once: as a field of the frozen dataclass that the operation takes.

Processing's parameters (processing/form.py), the commands' flags (model/cli.py), the dock's forms
(gui/widgets/option_form.py), the help and docs/reference are made from these fields:

    @dataclass(frozen=True)
    class FlowSpec(Spec):
        size_m: float = option(1000.0, "Size of the hexagons", unit="m", minimum=50)

gives the parameter SIZE, the flag --size, and a box 'Size of the hexagons (m)' that takes numbers from 50.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any

from .errors import InputError


@dataclass(frozen=True)
class Option:
    """What all forms need to know of one option.

    minimum, maximum: the values allowed, both included. choices: the words allowed. default: None where the option may
    stay empty. advanced: folded away in forms.
    """

    name: str
    default: Any
    label: str
    help: str
    unit: str
    minimum: float | None
    maximum: float | None
    choices: tuple[str, ...]
    advanced: bool

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
            if value not in self.choices:
                raise InputError(f"{self.parameter} has to be one of {', '.join(self.choices)}, not {value}.")
        elif self.kind in (int, float):
            low, high = self.minimum, self.maximum
            if not (-float("inf") if low is None else low) <= value <= (float("inf") if high is None else high):
                limits = f"of {low:g} or more" if high is None else f"from {low or 0:g} to {high:g}"
                raise InputError(f"{self.parameter} has to be a number {limits}, not {value:g}.")


def option(
    default: Any, label: str, help: str = "", *, unit: str = "", minimum: float | None = None,
    maximum: float | None = None, choices: tuple[str, ...] = (), advanced: bool = False,
) -> Any:  # fmt: skip
    """A field of a spec, see `Option`. unit: 'm', 'min' … as shown; a field's name ends with it where it can."""
    about = {"label": label, "help": help, "unit": unit, "minimum": minimum, "maximum": maximum}
    return field(default=default, metadata={**about, "choices": choices, "advanced": advanced})


@dataclass(frozen=True)
class Spec:
    """The options of one operation. Making one raises InputError where a value is not allowed."""

    def __post_init__(self) -> None:
        for each in options_of(type(self)):
            each.check(getattr(self, each.name))


def options_of(spec: type[Spec]) -> list[Option]:
    """The options of a spec, in the order of its fields."""
    return [Option(each.name, each.default, **each.metadata) for each in fields(spec) if each.metadata]
