"""Experiments on rules: from nodes to arms with weights, and a place for each in its layer."""

from recsvc.rules.readers import Reader
from recsvc.rules.schema import Experiment
from recsvc.rules.yaml_nodes import Mapping as MapNode
from recsvc.rules.yaml_nodes import Node

OF_EXPERIMENT = ("arms", "salt", "layer", "share")
"""What an experiment under ``experiments`` takes."""
MOST_WEIGHT = 1e6
SLACK = 1e-9
"""Of a sum of shares."""


def read_experiments(reader: Reader, node: Node) -> dict[str, Experiment]:
    """Return the experiments by name.

    Those of a layer lie one before the other from the top of its line, in the order of the file; those of ``shop.toml``
    lie from the bottom: so experiments of both with one layer have no shopper in common.
    """
    out, taken = dict[str, Experiment](), dict(reader.shop.layers)
    for key, value in reader.entries(node, "experiments"):
        fields = reader.mapping(value, f"experiment {key.text!r}", OF_EXPERIMENT)
        arms = _arms(reader, fields["arms"]) if "arms" in fields else dict.fromkeys(Experiment("").arms, 1.0)
        if len(arms) < 2:
            reader.faults.add(value, f"experiment {key.text!r} needs two arms at least", "arms: [a, b]")
        salt = reader.text(fields["salt"], "salt") if "salt" in fields else None
        layer = reader.text(fields["layer"], "layer") if "layer" in fields else None
        share = _share(reader, fields["share"]) if "share" in fields else 1.0
        top = 1.0
        if layer is not None:
            before = sum(one.share for one in out.values() if one.layer == layer)
            top, taken[layer] = 1.0 - before, taken.get(layer, 0.0) + share
            if taken[layer] > 1 + SLACK:
                others = " with those of shop.toml" if layer in reader.shop.layers else ""
                message = f"layer {layer!r}: its experiments{others} take {taken[layer]:g} of the shoppers"
                reader.faults.add(value, message, "together at most 1: give each a share")
        out[key.text] = Experiment(key.text, tuple(arms), salt or "", tuple(arms.values()), layer, share, top)
    return out


def _arms(reader: Reader, node: Node) -> dict[str, float]:
    """Return the weight of each arm: those of a list have equal ones."""
    if not isinstance(node, MapNode):
        return dict.fromkeys(reader.texts(node, "arms"), 1.0)
    weights = {
        key.text: reader.number(value, f"weight of arm {key.text!r}", 0, MOST_WEIGHT) for key, value in node.entries
    }
    for key, value in node.entries:
        if weights[key.text] == 0:
            reader.faults.add(value, f"the weight of arm {key.text!r} is 0", "leave the arm out, or give it a weight")
    return {arm: weight or 1.0 for arm, weight in weights.items()}


def _share(reader: Reader, node: Node) -> float:
    share = reader.number(node, "share", 0, 1)
    if share == 0:
        reader.faults.add(node, "share is 0", "above 0, at most 1; leave the experiment out instead")
    return share or 1.0
