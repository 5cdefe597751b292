"""What came of the cases of a campaign, so that one that was stopped can go on: a file for each case
that went well, with the line that said so.

    sys.path.insert(0, DIRECTORY OF THIS FILE)
    from kept import Kept
"""
import hashlib
import json
import pathlib


class Kept:
    def __init__(self, directory, files, *more):
        """Without a directory nothing is kept. `files` and `more`: what the results depend on."""
        self.directory = directory and pathlib.Path(directory)
        digest = hashlib.sha256(repr(more).encode())
        for path in map(pathlib.Path, files):
            digest.update(path.read_bytes() if self.directory and path.exists() else b'')
        self.digest = digest.hexdigest()

    def path(self, name):
        return self.directory / (name.replace('/', '_') + '.json')

    def find(self, name, about=None):
        """The line that said what came of it; None: it is still to be run. `about`: as in add()."""
        if not self.directory or not self.path(name).exists():
            return None
        kept = json.loads(self.path(name).read_text())
        is_same = kept['digest'] == self.digest and kept['about'] == json.loads(json.dumps(about))
        return kept['line'] if is_same else None

    def add(self, name, line, about=None):
        """about: what the case is; it is run again when that is another."""
        if not self.directory:
            return
        self.directory.mkdir(parents=True, exist_ok=True)
        fresh = self.path(name).with_suffix('.new')
        fresh.write_text(json.dumps({'line': line, 'digest': self.digest, 'about': about}))
        fresh.replace(self.path(name))
