"""The commands of this package; its description says which."""

import sys

from tests.scorecard import golden
from tests.scorecard.golden import keeping, pages, service


def main(words):
    match words:
        case []:
            deed, more = keeping.difference_now, ()
        case ["write"]:
            deed, more = keeping.write, ()
        case ["pages", folder]:
            deed, more = pages.write, (folder,)
        case _:
            sys.exit(golden.__doc__)
    with service.seeded():
        sys.exit(deed(service.reader(), *more) or 0)


main(sys.argv[1:])
