"""The members of a body that nobody knows: passed over, a mistyped condition would be lost."""

from collections.abc import Collection, Mapping, Set
from difflib import get_close_matches

from api.errors import Kind, Refusal

_LIKE = 0.6
_LONGEST_TOLD = 64


def require_known(
    document: Mapping[str, object], known: Set[str], kind: Kind, remedy: str | None = None
) -> None:
    """Raise `Refusal` of this kind for the first member that is not known.

    It tells the known name that is most like it; the sentence ends with the remedy, else with all
    names.
    """
    if document.keys() <= known:
        return
    field = next(name for name in document if name not in known)[:_LONGEST_TOLD]
    like = _like(field, known)
    meant = f"{field} is not known here{f': did you mean {like}?' if like else '.'}"
    names = remedy or f"Known are {', '.join(sorted(known))}."
    raise Refusal(kind, f"{meant} {names}", field=field)


def _like(name: str, known: Collection[str]) -> str | None:
    names = {one.casefold(): one for one in known}
    found = get_close_matches(name[:_LONGEST_TOLD].casefold(), names, 1, _LIKE)
    return names[found[0]] if found else None
