"""A user's own cell, head, encoder or network, passed to echoic as Python objects."""

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Self, final

from torch import nn

from echoic.cells import CELLS, Bidirectional, Cell, NetworkStack, Stack
from echoic.config import StackSettings
from echoic.encoders import Encoder
from echoic.errors import ConfigError
from echoic.heads import Head, SymbolHead, ValueHead


@final
@dataclass(frozen=True)
class Components:
    """Classes of the user that replace parts of the network; None: the part that the settings name.

    Passed as `components={"cell": MinGRU}` to `echoic.train`, `prepare`, `check` and `load`. A run folder has their
    import paths only, for comparison: nothing is ever imported from a path in a file.
    """

    cell: type[Cell] | None = None
    """Replaces the cell: called with `(input_size, hidden_size)`, and with `forget_bias` if it has a forget gate."""

    head: type[Head] | None = None
    """Replaces the head: for forecasts a `ValueHead`, made by its `build`; for text and music a `SymbolHead`, called
    with `(width, size)`, the number of symbols or of on-off features."""

    encoder: type[Encoder] | None = None
    """Replaces the encoder: called with the number of values in an input vector, or of symbols for text and melodies.
    """

    network: Callable[[int], nn.Module] | None = None
    """Replaces the recurrent layers: called with the number of values per step; see `cells.NetworkStack`."""

    @classmethod
    def build(cls, given: Mapping[str, Any] | None) -> Self:
        """The components that a user passed.

        Raises:
            ConfigError: a key is unknown, or a value is no such class.
        """
        if given is not None and not isinstance(given, Mapping):
            raise ConfigError(f'`components` must be a mapping such as {{"cell": MyCell}}, got {given!r}.')
        kinds = [field.name for field in fields(cls)]
        for kind, component in (given or {}).items():
            if kind not in kinds:
                raise ConfigError(f"`components` has no kind {kind!r}; choose from {', '.join(kinds)}.")
            _check(kind, component)
        if given and "network" in given and "cell" in given:
            raise ConfigError('`components` takes "network" or "cell", not both: the network replaces all cells.')
        return cls(**(given or {}))

    @property
    def given(self) -> dict[str, Any]:
        """The components that are not None, by kind."""
        return {one.name: getattr(self, one.name) for one in fields(self) if getattr(self, one.name) is not None}

    @property
    def paths(self) -> dict[str, str]:
        """The import path of each component by kind, as module and qualified name with a colon between."""
        return {kind: import_path(component) for kind, component in self.given.items()}

    def check_recorded(self, recorded: Mapping[str, str], run: Path) -> None:
        """Checks that these are the components that a run was trained with.

        Raises:
            ConfigError: one is missing, is another, or was not used.
        """
        paths = self.paths
        missing = {kind: path for kind, path in recorded.items() if kind not in paths}
        if missing:
            example = ", ".join(f'"{kind}": {path.rpartition(":")[2]}' for kind, path in recorded.items())
            raise ConfigError(
                f"{run} was trained with {_listed(missing)}; pass the same again from Python, as "
                f"`echoic.load(path, components={{{example}}})`."
            )
        for kind, path in paths.items():
            if kind not in recorded:
                raise ConfigError(f"{run} was trained without a {kind} in `components`; leave {path} out.")
            if path != recorded[kind]:
                raise ConfigError(f"{run} was trained with the {kind} {recorded[kind]}, got {path}; pass the same.")

    def refuse(self, *kinds: str, reason: str) -> None:
        """Refuses components of these kinds where they would have no effect.

        Raises:
            ConfigError: one of them is given; the message has its kind and the `reason`.
        """
        for kind in kinds:
            if kind in self.given:
                raise ConfigError(f"`components`: a {kind} of your own is not supported {reason}.")

    def check_settings(self, given: set[str], replaced: Mapping[str, tuple[str, ...]]) -> None:
        """Refuses settings of parts that components replace.

        Args:
            given: the names of the settings that the user set.
            replaced: the names of the settings that each kind of component replaces.

        Raises:
            ConfigError: a setting would have no effect.
        """
        for kind in self.given:
            for name in replaced.get(kind, ()):
                if name in given:
                    raise ConfigError(
                        f"`{name}` has no effect with a {kind} of your own in `components`; leave it out."
                    )

    def check_precision(self, precision: str) -> None:
        """Refuses products in bfloat16 for parts of the user, whose own operations may not take them.

        Raises:
            ConfigError: there are such parts.
        """
        for kind in self.given:
            if precision != "float32":
                raise ConfigError(
                    f"`precision` must be float32 with a {kind} of your own in `components`; it may round products "
                    'itself, by torch.autocast or `echoic.nn.LSTM(..., precision="bf16")`.'
                )

    def cell_class(self, settings: StackSettings) -> type[Cell]:
        """The user's cell, or the one that `settings` name."""
        return self.cell or CELLS[settings.cell]

    def value_head_class(self, default: type[ValueHead]) -> type[ValueHead]:
        """The user's head for real numbers, or the `default`.

        Raises:
            ConfigError: the user's head is none for real numbers.
        """
        if self.head is not None and not issubclass(self.head, ValueHead):
            raise ConfigError(f"`components`: the head of this job must be a ValueHead, got {_name(self.head)}.")
        return self.head or default

    def build_symbol_head(self, width: int, size: int, default: Callable[[int, int], SymbolHead]) -> SymbolHead:
        """The user's head, or the `default`, for hidden vectors of `width` and `size` symbols or features.

        Raises:
            ConfigError: the user's head is none for symbols.
        """
        if self.head is None:
            return default(width, size)
        if not issubclass(self.head, SymbolHead):
            raise ConfigError(f"`components`: the head of this job must be a SymbolHead, got {_name(self.head)}.")
        build: Callable[[int, int], SymbolHead] = self.head
        return build(width, size)

    def build_encoder(self, size: int, default: Callable[[int], Encoder], *, is_stepwise: bool = True) -> Encoder:
        """The user's encoder, or the `default`, for inputs of `size` values or symbols.

        Raises:
            ConfigError: the user's encoder has no `output_size`, or is not stepwise where the job runs it step by step.
        """
        if self.encoder is None:
            return default(size)
        build: Callable[[int], Encoder] = self.encoder
        encoder = build(size)
        if not isinstance(getattr(encoder, "output_size", None), int):
            raise ConfigError(f"`components`: the encoder {_name(self.encoder)} must set an int `output_size`.")
        if is_stepwise and not encoder.is_stepwise:
            raise ConfigError(
                f"`components`: this job runs step by step, so the encoder {_name(self.encoder)} must encode each step "
                "from one input vector alone and set `is_stepwise = True`."
            )
        return encoder

    def build_stack(
        self, input_size: int, settings: StackSettings, *, is_stepwise: bool = True
    ) -> Stack | NetworkStack:
        """The recurrent layers: the user's network, or a stack of the user's cell or of the one that `settings` name.

        Raises:
            ConfigError: the network cannot be built, does not fit, or has no state where the job runs it step by step.
        """
        if self.network is None:
            return Stack({settings.cell: self.cell_class(settings)}, input_size, settings)
        try:
            network = self.network(input_size)
        except TypeError as error:
            raise ConfigError(
                f"`components`: the network {_name(self.network)} cannot be called with the input size alone "
                f"({error}); pass a function `input_size -> module`."
            ) from error
        return NetworkStack(network, input_size, is_stepwise=is_stepwise)

    def build_bidirectional(self, input_size: int, settings: StackSettings) -> Bidirectional:
        """Bidirectional layers of the user's cell or of the one that `settings` name.

        Raises:
            ConfigError: there is a network of the user, which has layers of its own.
        """
        self.refuse("network", reason="with `bidirectional`; use a network that is bidirectional itself")
        return Bidirectional({settings.cell: self.cell_class(settings)}, input_size, settings)


def import_path(component: Any) -> str:
    """`module:qualname`; for a class of the script that runs, the name of its file in place of `__main__`."""
    module = component.__module__
    if module == "__main__":
        main = sys.modules["__main__"]
        spec, file = getattr(main, "__spec__", None), getattr(main, "__file__", None)
        module = spec.name if spec else Path(file).stem if file else module
    return f"{module}:{component.__qualname__}"


_BASES: dict[str, type[nn.Module]] = {"cell": Cell, "head": Head, "encoder": Encoder}


def _check(kind: str, component: Any) -> None:
    name = getattr(component, "__qualname__", None)
    if name is None or "<lambda>" in name:
        raise ConfigError(
            f"`components`: the {kind} must be a class or a function with a name of its own, got {component!r}."
        )
    base = _BASES.get(kind)
    if base is not None and not (isinstance(component, type) and issubclass(component, base)):
        raise ConfigError(f"`components`: the {kind} must be a subclass of {_name(base)}, got {_name(component)}.")
    if not callable(component):
        raise ConfigError(f"`components`: the {kind} must be callable, got {component!r}.")


def _name(component: Any) -> str:
    return f"{component.__module__}.{component.__qualname__}"


def _listed(recorded: Mapping[str, str]) -> str:
    return " and ".join(f"the {kind} {path}" for kind, path in recorded.items())
