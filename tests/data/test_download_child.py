"""The child process that downloads: torchvision itself, against a server on this machine."""

import functools
import gzip
import hashlib
import http.server
import re
import struct
import sys
import threading
import types
import zipfile
from pathlib import Path

import pytest

from vae_tui.data.catalogue import DATASETS
from vae_tui.data.download import fetch

FILES = DATASETS["mnist"].files


def idx(*shape: int) -> bytes:
    count = functools.reduce(int.__mul__, shape)
    return struct.pack(f">4B{len(shape)}I", 0, 0, 8, len(shape), *shape) + bytes(count)


SERVED = {
    f"{file}.gz": gzip.compress(idx(3, 28, 28) if "images" in file else idx(3), mtime=0)
    for file in FILES
}
MD5 = {name: hashlib.md5(content).hexdigest() for name, content in SERVED.items()}


class SilentHandler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@pytest.fixture
def address(tmp_path, monkeypatch):
    """Yield the address of a server with the four files in it, its folder being ``served``."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    folder = tmp_path / "served"
    folder.mkdir()
    for name, content in SERVED.items():
        (folder / name).write_bytes(content)
    handler = functools.partial(SilentHandler, directory=folder)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


def mnist_at(datasets: types.ModuleType, *mirrors: str, md5: dict[str, str] = MD5) -> type:
    """Return torchvision's MNIST with other mirrors and checksums."""
    attributes = {"mirrors": list(mirrors), "resources": list(md5.items())}
    return type("MNIST", (datasets.MNIST,), attributes)


def test_torchvision_fetches_in_a_child_process_through_its_own_class(tmp_path, address):
    script = f"""
import sys
from pathlib import Path
from torchvision import datasets
from vae_tui.data import download_child
sys.path.insert(0, {str(Path(__file__).parent)!r})
from test_download_child import mnist_at
MNIST = mnist_at(datasets, {address!r})
download = {{"mnist": lambda folder: MNIST(folder, download=True)}}
sys.exit(download_child.main(sys.argv[1], Path(sys.argv[2]), download))
"""
    reports = []
    child = (sys.executable, "-c", script)
    fetch("mnist", tmp_path / "data", lambda *report: reports.append(report), child=child)
    raw_folder = tmp_path / "data" / "MNIST" / "raw"
    assert sorted(path.name for path in raw_folder.iterdir()) == sorted(FILES)
    for name, content in SERVED.items():
        assert (raw_folder / Path(name).stem).read_bytes() == gzip.decompress(content)
    size = sum(map(len, SERVED.values()))
    assert reports[-1] == (size, size)


def test_a_wrong_checksum_is_reported_in_one_line_for_each_mirror(tmp_path, address, capsys):
    from torchvision import datasets

    from vae_tui.data import download_child

    wrong = mnist_at(datasets, address, f"{address}nowhere/", md5=dict.fromkeys(MD5, "0" * 32))
    status = download_child.download(
        "mnist", tmp_path / "new", {"mnist": lambda folder: wrong(folder, download=True)}
    )
    host = re.escape(address.removeprefix("http://").rstrip("/"))
    last_words = capsys.readouterr().err.splitlines()[-1]
    assert status == 1
    # torchvision 0.22 tries no other mirror after a wrong checksum, and does not name the first.
    each = f"{host}: wrong checksum, {host}: HTTP Error 404: File not found"
    assert re.fullmatch(f"{each}|wrong checksum", last_words)


def test_of_emnist_only_the_digits_are_extracted(tmp_path, address):
    from vae_tui.data import download_child

    emnist = DATASETS["emnist"]
    archive = tmp_path / "served" / "gzip.zip"
    with zipfile.ZipFile(archive, "w") as writer:
        for file in (*emnist.files, "emnist-byclass-train-images-idx3-ubyte"):
            writer.writestr(f"gzip/{file}.gz", gzip.compress(file.encode()))
    md5 = hashlib.md5(archive.read_bytes()).hexdigest()
    download_child.download_emnist(tmp_path / "new", f"{address}gzip.zip", md5)
    raw_folder = emnist.raw_folder(tmp_path / "new")
    assert {path.name for path in raw_folder.iterdir()} == {"gzip.zip", *emnist.files}
    assert all((raw_folder / file).read_text() == file for file in emnist.files)


def test_every_set_but_the_shipped_one_can_be_downloaded():
    from vae_tui.data import download_child

    assert {"digits", *download_child.DOWNLOADS} == set(DATASETS)
