"""What was changed through the worker's interface, over what the city file says; it outlives a restart."""

import json
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from service.city import City, CityFileError
from service.city_errors import complaints
from vision.durable import naming, write_durably


class Overrides:
    """cameras: by id, as they stand in a city file; None for one that is removed. Kept in ``path``."""

    def __init__(self, path: Path):
        self.path = path
        self.cameras: dict[str, dict[str, Any] | None] = {}
        if path.exists():
            self.cameras = json.loads(path.read_bytes())

    def over(self, city: City) -> City:
        """The city with these cameras instead. Raises ``CityFileError`` with what is wrong, or where none is left."""
        kept = [c.model_dump(mode="json", exclude_unset=True) for c in city.cameras if c.id not in self.cameras]
        data = city.model_dump(mode="json", exclude_unset=True)
        data["cameras"] = kept + [camera for camera in self.cameras.values() if camera is not None]
        try:
            changed = City.model_validate(data)
        except ValidationError as problem:
            raise CityFileError([text for _, text in complaints(problem, data, City.model_json_schema())]) from None
        changed._folder = city._folder
        return changed

    def change(self, city: City, camera_id: str, camera: dict[str, Any] | None) -> City:
        """Put, or with None remove, a camera; kept only if the city is sound with it. Raises also ``OSError``."""
        before = dict(self.cameras)
        self.cameras[camera_id] = camera
        try:
            changed = self.over(city)
            with naming(self.path):
                # URLs hold passwords.
                write_durably(self.path, json.dumps(self.cameras, ensure_ascii=False).encode(), mode=0o600)
        except (CityFileError, OSError):
            self.cameras = before
            raise
        return changed
