"""Things that belong together because they are linked, directly or through others."""

from collections.abc import Iterable


def first_linked(count: int, links: Iterable[tuple[int, int]]) -> list[int]:
    """For each of `count` things the lowest number among those that it is linked to, itself included.

    Union-find (Tarjan, 1975): the outcome does not depend on the order of the links.
    """
    parents = list(range(count))

    def root(member: int) -> int:
        while parents[member] != member:
            parents[member] = parents[parents[member]]
            member = parents[member]
        return member

    for one, other in links:
        first, second = sorted((root(one), root(other)))
        parents[second] = first
    return [root(member) for member in range(count)]
