"""Looks up names of Python: those that no page documents, such as the types of torch, at once.

Sphinx compares each name in a signature with the ends of all names of the reference, which takes a third of the time in
which the documents are built.
"""

from typing import Any

from sphinx.domains.python import ObjectEntry, PythonDomain


class KnownNames(PythonDomain):
    """Sphinx's domain of Python, which looks no further where no documented name ends as the one that is looked for."""

    _ends: frozenset[str] = frozenset()
    _counted = 0

    def find_obj(self, env: Any, modname: str, classname: str, name: str, *more: Any) -> list[tuple[str, ObjectEntry]]:
        """As Sphinx has it: what it finds is `name`, or has it behind a dot."""
        if self._counted != len(self.objects):
            self._counted, self._ends = len(self.objects), frozenset(map(_end, self.objects))
        return super().find_obj(env, modname, classname, name, *more) if _end(name) in self._ends else []


def _end(name: str) -> str:
    return name.removesuffix("()").rpartition(".")[2]
