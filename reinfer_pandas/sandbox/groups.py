"""The routes of label groups, of one label, and of their history.

Source: Re:infer API guide, label groups.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reinfer_pandas.sandbox.answers import Answer, Call, RefusedError, ok
from reinfer_pandas.sandbox.definitions import field_id, form_fields, label_defs, label_group
from reinfer_pandas.sandbox.reads import asked_dataset

if TYPE_CHECKING:
    from reinfer_pandas.sandbox.plans import DatasetPlan
    from reinfer_pandas.sandbox.world import World

_GROUP = "default"


def list_groups(world: World, call: Call) -> Answer:
    """Answer with a dataset's label groups."""
    return ok(label_groups=[label_group(asked_dataset(world, call).plan)])


def get_group(world: World, call: Call) -> Answer:
    """Answer with one label group."""
    return ok(label_group=label_group(_asked_plan(world, call)))


def get_label(world: World, call: Call) -> Answer:
    """Answer with one label."""
    plan = _asked_plan(world, call)
    name = call.needed("label_name")
    return ok(label_def=_label_def(plan, name))


def get_label_history(world: World, call: Call) -> Answer:
    """Answer with the versions that a label has had: one."""
    plan = _asked_plan(world, call)
    found = _label_def(plan, call.names["label"])
    is_old = call.number("older_than_version") is not None
    return ok(history=[] if is_old else [{"version": 1, "label_def": found}], oldest_version=None)


def get_field_history(world: World, call: Call) -> Answer:
    """Answer with the versions that a field of a label's form has had: one."""
    plan, label = _asked_plan(world, call), call.names["label"]
    if call.names["field"] not in {field_id(plan, kind, label) for kind in form_fields(label)}:
        raise RefusedError(404)
    form = _label_def(plan, label)["moon_form"]
    found = next(each for each in form if each["field_id"] == call.names["field"])
    is_old = call.number("older_than_version") is not None
    return ok(history=[] if is_old else [{"version": 1, "field": found}], oldest_version=None)


def _asked_plan(world: World, call: Call) -> DatasetPlan:
    if call.names["group"] != _GROUP:
        raise RefusedError(404)
    return asked_dataset(world, call).plan


def _label_def(plan: DatasetPlan, name: str) -> dict[str, Any]:
    for found in label_defs(plan):
        if found["name"] == name:
            return found
    raise RefusedError(404)
