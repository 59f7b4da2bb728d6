"""Our parameters as Optuna's distributions."""

from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)

from tuner_service.domain.parameter import Parameter, Type, Value
from tuner_service.domain.space import Space


def distribution(parameter: Parameter) -> BaseDistribution:
    match parameter.type:
        case Type.FIXED:
            return CategoricalDistribution([parameter.value])
        case Type.BOOL:
            return CategoricalDistribution([False, True])
        case Type.CHOICE:
            return CategoricalDistribution(parameter.choices)
        case Type.INT:
            assert parameter.min is not None
            assert parameter.max is not None
            # Optuna wants the last value on the grid of steps; ours is the last one that is reached.
            step = int(parameter.step or 1)
            last = int(parameter.last)
            return IntDistribution(int(parameter.min), last, log=parameter.log, step=step)
        case Type.FLOAT:
            assert parameter.min is not None
            assert parameter.max is not None
            return FloatDistribution(
                float(parameter.min), float(parameter.last), log=parameter.log, step=parameter.step
            )


class Distributions:
    """The distributions of a space, and what of a candidate falls under them."""

    def __init__(self, space: Space) -> None:
        self.space = space
        self.by_name = {p.name: distribution(p) for p in space.parameters}

    def of(self, parameters: dict[str, Value]) -> dict[str, BaseDistribution]:
        """The distributions of one candidate's parameters; those no longer in the space are left out."""
        return {name: self.by_name[name] for name in parameters if name in self.by_name}
