"""What a dataset can find: its labels, its entities, the fields of its forms."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reinfer_pandas.sandbox.dice import ident

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reinfer_pandas.sandbox.plans import DatasetPlan

MOOD_LABELS = ("Chaser", "Thanks", "Urgent")
_ENTITIES: Mapping[str, tuple[str, ...]] = {
    "acme": ("claim-number", "policy-number", "monetary-quantity", "date", "phone-number"),
    "globex": ("order-number", "tracking-number", "monetary-quantity", "date", "phone-number"),
}
_TRAINED = frozenset({"claim-number", "order-number"})
_FORMS: Mapping[str, tuple[str, ...]] = {
    "Claim > Status": ("claim-number",),
    "Payment > Late payout": ("claim-number", "monetary-quantity"),
    "Order > Cancel": ("order-number",),
    "Return > Refund": ("order-number", "monetary-quantity"),
}


def label_names(plan: DatasetPlan) -> tuple[str, ...]:
    """Return a dataset's labels: its topics, their parents, and a few more."""
    names = {*MOOD_LABELS} if plan.labels_of else set()
    for topic in plan.labels_of:
        names.update(" > ".join(topic.parts[:depth]) for depth in range(1, len(topic.parts) + 1))
    return tuple(sorted(names))


def entity_kinds(plan: DatasetPlan) -> tuple[str, ...]:
    """Return the entities that a dataset finds in texts."""
    return _ENTITIES[plan.project] if plan.labels_of else ()


def form_fields(label: str) -> tuple[str, ...]:
    """Return the kinds of the entities that a label's form takes."""
    return _FORMS.get(label, ())


def entity_id(kind: str) -> str:
    """Return the id of an entity definition."""
    return ident("entity", kind)


def field_id(plan: DatasetPlan, kind: str, label: str = "") -> str:
    """Return the id of a field: a general one, or one of a label's form."""
    return ident("field", plan.full_name, label, kind)


def title(kind: str) -> str:
    """Return an entity's name as people see it."""
    return kind.replace("-", " ").capitalize()


def entity_defs(plan: DatasetPlan) -> list[dict[str, Any]]:
    """Return the definitions of a dataset's entities."""
    return [
        {
            "id": entity_id(kind),
            "name": kind,
            "title": title(kind),
            "color": number,
            "inherits_from": [],
            "trainable": kind in _TRAINED,
            "_entity_def_flags": ["appears_verbatim"] if kind in _TRAINED else [],
        }
        for number, kind in enumerate(entity_kinds(plan))
    ]


def general_fields(plan: DatasetPlan) -> list[dict[str, Any]]:
    """Return the definitions of a dataset's general fields."""
    return [
        {
            "field_id": field_id(plan, kind),
            "field_type_id": entity_id(kind),
            "field_type_name": kind,
            "api_name": kind,
            "title": title(kind),
        }
        for kind in entity_kinds(plan)
    ]


def label_defs(plan: DatasetPlan) -> list[dict[str, Any]]:
    """Return the definitions of a dataset's labels."""
    return [_label_def(plan, name) for name in label_names(plan)]


def _label_def(plan: DatasetPlan, name: str) -> dict[str, Any]:
    found: dict[str, Any] = {"name": name}
    if " > " in name:
        found |= {"title": name.rpartition(" > ")[2], "instructions": f"Sender writes about {name}"}
        found["external_id"] = f"L-{ident(name)[:4]}"
    if form_fields(name):
        found["moon_form"] = [
            {
                "field_id": field_id(plan, kind, name),
                "id": entity_id(kind),
                "field_type_id": entity_id(kind),
                "kind": kind,
                "name": title(kind),
            }
            for kind in form_fields(name)
        ]
    return found


def label_group(plan: DatasetPlan) -> dict[str, Any]:
    """Return the group that holds all of a dataset's labels."""
    return {
        "name": "default",
        "label_defs": label_defs(plan),
        "label_collection_name": None,
        "trainable": True,
        "hidden": False,
        "instructions": "",
    }
