"""Which view of a PTZ camera a picture shows: by its looks, or because somebody who moves the camera said so."""

from collections.abc import Mapping

from streams.frame import Frame
from vision.scene import Scene

CLEARER = 1.3
"""Another view has to be so much more alike than the one before: two presets may show parts of the same street."""


class ViewFinder:
    """scenes: by the id of their view, the first is where the camera is taken to be until something says otherwise.

    A view is known by its picture once it was seen for some seconds, or from the city file. What shows none of the
    known ones (the camera moves, or looks somewhere that nobody asked for) is judged by nobody.
    """

    def __init__(self, scenes: Mapping[str, Scene]):
        self.scenes = scenes
        self.current = next(iter(scenes))
        self.between = 0

    def tell(self, view_id: str) -> None:
        """The camera was moved there. Raises ``KeyError`` naming the views there are."""
        if view_id not in self.scenes:
            raise KeyError(f"no view {view_id!r}; there are {', '.join(self.scenes)}")
        self.current = view_id

    def find(self, frame: Frame) -> str | None:
        """The view that the frame shows, None for none of them. The last one goes on where it cannot be told."""
        crop, region = frame.crops[0], frame.regions[0]
        alike = {view: scene.quality.shows(crop, region) for view, scene in self.scenes.items()}
        here = alike[self.current]
        likest = max(alike, key=lambda view: alike[view] or 0.0)
        if (alike[likest] or 0.0) > CLEARER * (here or 0.0):
            self.current = likest
        elif here == 0.0:
            self.between += 1
            return None
        return self.current
