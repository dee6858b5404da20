"""Files to read from and to write to: gzipped or not, and never seen half written."""

from __future__ import annotations

import contextlib
import gzip
import os
import tempfile
from collections.abc import Generator
from os import PathLike
from pathlib import Path
from typing import BinaryIO, cast

from memx_core.errors import InvalidInputError
from memx_core.inputs import show

_GZIP = b"\x1f\x8b"


def path(value: object) -> Path:
    """A path of a file.

    Raises:
        InvalidInputError: If it is none, or blank.
    """
    if not isinstance(value, str | PathLike):
        raise InvalidInputError(f"path must be a str or a path, not {show(value)}")
    name = os.fsdecode(cast("str | PathLike[str]", value))
    if not name.strip() or "\x00" in name:
        raise InvalidInputError(f"path names no file: {show(name)}")
    return Path(name).expanduser()


@contextlib.contextmanager
def replacing(target: Path) -> Generator[BinaryIO, None, None]:
    """A file that takes the place of `target` when the block ends, and leaves nothing when it raises.

    Only its owner may read it: it holds what was said in confidence.

    Raises:
        InvalidInputError: If the folder is not there, or the target is one.
    """
    if not target.parent.is_dir():
        raise InvalidInputError(f"the folder {str(target.parent)!r} does not exist; create it first")
    if target.is_dir():
        raise InvalidInputError(f"{str(target)!r} is a folder; name a file")
    descriptor, name = tempfile.mkstemp(prefix=f".{target.name[:100]}.", suffix=".tmp", dir=target.parent)
    try:
        with open(descriptor, "wb") as raw:
            if target.suffix == ".gz":
                with gzip.GzipFile("", "wb", 6, raw, mtime=0) as packed:
                    yield cast(BinaryIO, packed)
            else:
                yield raw
            raw.flush()
            os.fsync(raw.fileno())
        os.replace(name, target)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name)
        raise


class Source:
    """A file that is read several times, each time from its beginning; unpacked if it is gzipped.

    Raises:
        InvalidInputError: If it cannot be opened.
    """

    def __init__(self, path: Path) -> None:
        try:
            self._raw = path.open("rb")
        except OSError as error:
            raise InvalidInputError(f"{str(path)!r} cannot be read: {error.strerror}") from error
        self._packed = self._raw.read(2) == _GZIP

    def rewound(self) -> BinaryIO:
        """The same file, at its beginning."""
        self._raw.seek(0)
        return cast(BinaryIO, gzip.GzipFile(fileobj=self._raw)) if self._packed else self._raw

    def close(self) -> None:
        """Gives the file back."""
        self._raw.close()
