"""Gives an environment what a wheel needs, from the environment that runs this: `link_needs.py WHEEL SITE_PACKAGES`.

Only the packages that the wheel asks for, and those that they ask for, so one that it forgets is missing there. They
are links, which take no time, and are compiled once for both environments; pip would unpack them for a minute.
"""

import sys
import zipfile
from importlib.metadata import Distribution, PathDistribution, distribution
from pathlib import Path

from packaging.requirements import Requirement


def of_wheel(path: Path) -> Distribution:
    """The metadata of a wheel that is not installed."""
    inside = zipfile.Path(path)
    (metadata,) = (entry for entry in inside.iterdir() if entry.name.endswith(".dist-info"))
    return PathDistribution(metadata)  # type: ignore[arg-type]


def needs(of: Distribution, extras: set[str]) -> set[Requirement]:
    """What a package asks for in this environment, with some of its extras."""
    asked = map(Requirement, of.requires or [])
    chosen = [{"extra": extra} for extra in extras | {""}]
    return {one for one in asked if one.marker is None or any(map(one.marker.evaluate, chosen))}


def all_needs(of: Distribution) -> list[Distribution]:
    """The packages that a package needs, and those that they need."""
    found, waiting = dict[tuple[str, frozenset[str]], Distribution](), needs(of, set())
    while waiting:
        one = waiting.pop()
        key = (one.name, frozenset(one.extras))
        if key not in found:
            found[key] = distribution(one.name)
            waiting |= needs(found[key], one.extras)
    return list(found.values())


def main() -> None:
    """Links the packages, and says how many there are."""
    wheel, site_packages = map(Path, sys.argv[1:])
    needed = all_needs(of_wheel(wheel))
    for one in needed:
        for name in {file.parts[0] for file in one.files or [] if file.parts[0] != ".."} - {"__pycache__"}:
            link = site_packages / name
            if not link.exists():
                link.symlink_to(Path(str(one.locate_file(name))).resolve())
    print(f"{len(needed)} packages linked")


if __name__ == "__main__":
    main()
