"""Nothing here is a map, yet django_mongodb_backend looks for GDAL at every start.

Where there is none it asks three times for twelve names, each of ldconfig, gcc and ld: 0.3 of the 1.15
CPU seconds in which a command starts. `GDAL_LIBRARY_PATH` cannot say that there is none.
"""

import ctypes.util


def without_gdal() -> None:
    """To be called before Django connects: from then on this process finds no GDAL."""
    find_library = ctypes.util.find_library

    def find_other_library(name: str) -> str | None:
        return None if name.lower().startswith("gdal") else find_library(name)

    ctypes.util.find_library = find_other_library
