"""Kernel and initramfs that every guest boots, made from a host image and kept in the cache."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from .image import KERNEL_PACKAGE
from .settings import Lab
from .shell import LabError, run

# In the order in which they load.
MODULES = (
    "virtio_ring",
    "virtio",
    "virtio_pci_modern_dev",
    "virtio_pci_legacy_dev",
    "virtio_pci",
    "virtio_blk",
    "failover",
    "net_failover",
    "virtio_net",
    "button",
    "evdev",
)
APPLETS = ("insmod", "ip", "mount", "sh")
LIST_PERL_FILES = (
    "require Carp; require Exporter::Heavy;"
    'print join "\\n", grep {m{^/} and -f} values %INC, @DynaLoader::dl_shared_objects'
)


def path_of(lab: Lab, image: Path) -> Path:
    recipe = b"".join(file.read_bytes() for file in (lab.source / "guest" / "init", lab.source / "guest" / "ticker.pl"))
    digest = hashlib.sha256(recipe + image.name.encode() + repr((MODULES, APPLETS)).encode())
    return lab.cache / f"guest-{digest.hexdigest()[:12]}"


def build(lab: Lab, image: Path) -> Path:
    """A folder with `vmlinuz` and `initrd.img`, made now if the cache does not hold it."""
    folder = path_of(lab, image)
    if folder.is_dir():
        return folder
    for other in lab.cache.glob("guest-*"):
        shutil.rmtree(other)
    with tempfile.TemporaryDirectory(dir=lab.cache, prefix="unfinished-guest-") as scratch:
        made = Path(scratch) / "made"
        kernel = Path(scratch) / "kernel"
        made.mkdir()
        run(["dpkg-deb", "-x", image / KERNEL_PACKAGE, kernel])
        shutil.copy(next((kernel / "boot").glob("vmlinuz-*")), made / "vmlinuz")
        tree = _tree(lab, image, kernel, Path(scratch) / "tree")
        _pack(tree, made / "initrd.img")
        made.chmod(0o755)
        made.rename(folder)
    return folder


def _tree(lab: Lab, image: Path, kernel: Path, tree: Path) -> Path:
    for name in ("bin", "dev", "modules", "proc", "sys"):
        (tree / name).mkdir(parents=True)
    shutil.copy(image / "usr/bin/busybox", tree / "bin/busybox")
    for applet in APPLETS:
        (tree / "bin" / applet).symlink_to("busybox")
    for module in MODULES:
        found = sorted(kernel.glob(f"**/{module}.ko"))
        if not found:
            raise LabError(f"The guests' kernel has no module {module}.ko: remove build/lab-cache and try again.")
        shutil.copy(found[0], tree / "modules")
    (tree / "modules/order").write_text("".join(f"{module}.ko\n" for module in MODULES), encoding="utf-8")
    _copy_out(image, _perl_files(lab, image), tree)
    shutil.copy(lab.source / "guest" / "ticker.pl", tree / "ticker.pl")
    shutil.copy(lab.source / "guest" / "init", tree / "init")
    (tree / "init").chmod(0o755)
    return tree


def _perl_files(lab: Lab, image: Path) -> list[str]:
    """Perl, its libraries and just those of its files that the ticker loads."""
    ticker = (lab.source / "guest" / "ticker.pl").read_text(encoding="utf-8")
    uses = " ".join(re.findall(r"^use [A-Za-z0-9:]+(?: qw\([^)]*\))?;", ticker, re.MULTILINE))
    loaded = run(["chroot", image, "perl", "-e", f"{uses} use constant {{ONE => 1}}; {LIST_PERL_FILES}"]).splitlines()
    libraries = re.findall(r"/\S+", run(["chroot", image, "ldd", "/usr/bin/perl"]))
    return ["/usr/bin/perl", *(path for path in libraries if path.startswith("/lib")), *loaded]


def _copy_out(image: Path, files: list[str], tree: Path) -> None:
    """Copies files with their folders; links are resolved inside the image, where they point right."""
    names = "".join(f"{path.lstrip('/')}\n" for path in files)
    pack = subprocess.run(
        ["chroot", str(image), "tar", "-C", "/", "-chf", "-", "-T", "-"],
        input=names.encode(),
        capture_output=True,
        check=False,
    )
    if pack.returncode != 0:
        raise LabError(f"Copying perl out of the image failed: {pack.stderr.decode(errors='replace').strip()}")
    unpack = subprocess.run(["tar", "-C", str(tree), "-xf", "-"], input=pack.stdout, capture_output=True, check=False)
    if unpack.returncode != 0:
        raise LabError(f"Copying perl out of the image failed: {unpack.stderr.decode(errors='replace').strip()}")


def _pack(tree: Path, archive: Path) -> None:
    names = sorted(str(path.relative_to(tree)) for path in tree.rglob("*"))
    with archive.open("wb") as file:
        done = subprocess.run(
            ["cpio", "--create", "--format=newc", "--quiet"],
            input="".join(f"{name}\n" for name in names).encode(),
            stdout=file,
            stderr=subprocess.PIPE,
            cwd=tree,
            check=False,
        )
    if done.returncode != 0:
        raise LabError(f"Packing the guests' initramfs failed: {done.stderr.decode(errors='replace').strip()}")
