"""Work that several designs of a sweep share, which is done once: the others take a copy of what it wrote."""

import json
import shutil
from collections.abc import Sequence

from askew.base.atomic import whole_file, whole_folder
from askew.design.plan import Plan
from askew.runs.store import RunFolder
from askew.runs.work import Session, Work, planned


class SharedWork:
    """The finished work of the runs of a sweep, by what it was made from; see `Work.made_from`."""

    def __init__(self) -> None:
        self._made: dict[str, tuple[RunFolder, Work]] = {}

    def add(self, plan: Plan, folder: RunFolder) -> None:
        """Note the finished work of a run, for the runs that come after it."""
        finished = folder.hashes()
        for work in planned(plan):
            key = key_of(work, plan)
            if key and all(product in finished for product in work.products):
                self._made.setdefault(key, (folder, work))

    def take(self, session: Session, works: Sequence[Work]) -> None:
        """Copy what other runs have made into a run that would make the same.

        Raises:
            AskewError: A product of the other run was changed or damaged since.
        """
        taken = 0
        for work in works:
            here = session.folder.hashes()
            made = self._made.get(key_of(work, session.plan) or "")
            if made is None or any(product in here or (session.folder / product).exists() for product in work.products):
                continue
            folder, other = made
            if not _same_rows(session.folder, folder, work):
                continue
            for product, source in zip(work.products, other.products, strict=True):
                folder.check(source)
                _copy(folder, source, session.folder, product)
            taken += 1
        if taken:
            session.say(f"  {taken} piece{'' if taken == 1 else 's'} of work taken from other designs of the sweep")


def key_of(work: Work, plan: Plan) -> str:
    """Return a key that two pieces of work share if they make the same; "" for work that is never shared."""
    made_from = work.made_from(plan)
    return "" if made_from is None else json.dumps([work.kind, made_from], sort_keys=True, default=repr)


def _same_rows(here: RunFolder, there: RunFolder, work: Work) -> bool:
    """Return whether both runs have the same training rows for a piece of work that trains on some."""
    if not work.unit.arm.data:
        return True
    file = work.unit.rows_file
    return here.hashes().get(file) == there.hashes().get(file)


def _copy(there: RunFolder, source: str, here: RunFolder, product: str) -> None:
    if (there / source).is_dir():
        with whole_folder(here / product) as unfinished:
            shutil.copytree(there / source, unfinished, dirs_exist_ok=True)
    else:
        with whole_file(here / product) as unfinished:
            shutil.copyfile(there / source, unfinished)
    here.finish(product)
