"""A mirror of the record as a stranger would write it; it checks every digest on the way."""

import hashlib
import json


class Mirror:
    """What anyone could write: it knows nothing but the feed."""

    def __init__(self, fetch, site=""):
        self.fetch, self.address, self.lines, self.digest = fetch, f"{site}/api/v1/changes/?limit=37", [], ""

    def catch_up(self):
        while True:
            page = json.loads(self.fetch(self.address))
            for change in page["results"]:
                self.take(change)
            self.address = page["next"]
            if page["complete"]:
                return

    def take(self, change):
        names = ("sequence", "event", "kind", "related", "why", "who", "written_at", "record")
        body = json.dumps({name: change[name] for name in names}, ensure_ascii=False, separators=(",", ":"))
        assert change["sequence"] == len(self.lines) + 1
        assert change["previous"] == self.digest
        self.digest = hashlib.sha256(f"{self.digest}\n{body}".encode()).hexdigest()
        assert change["digest"] == self.digest
        self.lines.append(json.dumps(change["record"], ensure_ascii=False, separators=(",", ":")))

    def text(self):
        """What the export must be."""
        return "".join(f"{line}\n" for line in self.lines).encode()
