"""The wire's records as Python types, derived from its Arrow types, for the routes that wrap them.

Their fields are those of `wire`, in its order.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reinfer_pandas._columns import schema, wire
from reinfer_pandas._columns.typed import typed

if TYPE_CHECKING:

    class _Record:
        def __init__(self, *fields: Any, **named: Any) -> None: ...
        def __init_subclass__(cls, **options: Any) -> None: ...
        def __getattr__(self, name: str) -> Any: ...

    class Comment(_Record): ...

    class Label(_Record): ...

    class PredictedLabel(_Record): ...

    class Labelling(_Record): ...

    class Span(_Record): ...

    class Entity(_Record): ...

    class Entities(_Record): ...

    class Field(_Record): ...

    class Capture(_Record): ...

    class LabelCaptures(_Record): ...

    class MoonForms(_Record): ...

    class ThreadProperties(_Record): ...

    class LabelProperty(_Record): ...

    class AnnotatedComment(_Record): ...

    class Prediction(_Record): ...

else:
    Comment = typed(wire.COMMENT)
    Label = typed(wire.LABEL)
    PredictedLabel = typed(wire.PREDICTED_LABEL)
    Labelling = typed(wire.LABELLING)
    Span = typed(schema.SPAN)
    Entity = typed(wire.ENTITY)
    Entities = typed(wire.ENTITIES)
    Field = typed(wire.FIELD)
    Capture = typed(wire.CAPTURE)
    LabelCaptures = typed(wire.LABEL_CAPTURES)
    MoonForms = typed(wire.MOON_FORMS)
    ThreadProperties = typed(wire.THREAD_PROPERTIES)
    LabelProperty = typed(schema.LABEL_PROPERTY)
    AnnotatedComment = typed(wire.ANNOTATED_COMMENT)
    Prediction = typed(wire.PREDICTION)
