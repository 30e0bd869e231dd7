"""`python -m nlu.command train | run …`: Rasa's own command line, quicker and smaller.

Two things of Rasa 3.6.21 are put right before it starts, and nothing it answers changes:

* Reading YAML takes time by the square of a file's length: ruamel.yaml adds the pattern that
  Rasa registers for `${…}` to its lists of patterns anew with every word, and tries them all.
* A server imports TensorFlow, JAX, scikit-learn's trees and Matplotlib, whatever its pipeline
  is. None of it answers a message here. The modules of Rasa that bring it in are replaced by
  stand-ins, in `run` alone.
"""

import sys
from types import ModuleType
from typing import Any

# Modules of Rasa that a server with our pipeline imports and never uses.
STOOD_IN_FOR = (
    "rasa.utils.tensorflow.callback",
    "rasa.utils.tensorflow.data_generator",
    "rasa.utils.tensorflow.model_data",
    "rasa.graph_components.validators.default_recipe_validator",  # checks what is trained
    "rasa.utils.plotting",  # for Rasa's own evaluation
)
COMPONENTS = "rasa.engine.recipes.default_components"  # everything Rasa has, DIET and TED too


class OnlyForTraining(Exception):
    """What was asked for is not in a process that only answers."""


class StandIn(ModuleType):
    """A module whose names can be imported, and not be used."""

    def __getattr__(self, name: str) -> type:
        if name.startswith("__"):
            raise AttributeError(name)

        def refuse(*_args: Any, **_named: Any) -> None:
            raise OnlyForTraining(f"{self.__name__}.{name}")

        return type(name, (), {"__init__": refuse})


def leave_training_out() -> None:
    """Put the stand-ins in place; before any module of Rasa is imported."""
    for name in STOOD_IN_FOR:
        sys.modules[name] = StandIn(name)
    components = sys.modules[COMPONENTS] = ModuleType(COMPONENTS)
    from rasa.core.policies.rule_policy import RulePolicy

    # Being imported, it is registered; components of ours are found by their module's name.
    components.DEFAULT_COMPONENTS = [RulePolicy]  # type: ignore[attr-defined]


def read_yaml_in_linear_time() -> None:
    """Have ruamel.yaml resolve a word without adding to its lists of patterns."""
    from ruamel.yaml import resolver
    from ruamel.yaml.nodes import ScalarNode

    as_before = resolver.VersionedResolver.resolve

    def resolve(self: Any, kind: type, value: Any, implicit: Any) -> Any:
        if kind is ScalarNode and implicit[0]:
            patterns = self.versioned_resolver
            for first in (value[0] if value else "", None):
                for tag, pattern in patterns.get(first, ()):
                    if pattern.match(value):
                        return tag
            implicit = (False, implicit[1])  # the patterns have been tried
        return as_before(self, kind, value, implicit)

    resolver.VersionedResolver.resolve = resolve


if __name__ == "__main__":
    read_yaml_in_linear_time()
    if sys.argv[1:2] == ["run"]:
        leave_training_out()
    from rasa.__main__ import main

    main()
