"""A Debian userland for another architecture: unpacked, never booted, run by qemu-user.

Packages' own scripts do not run; what they would set up is set up by hand where it is needed. Everything is mounted
in a namespace of the test's own (tests/device/run.sh), so that nothing needs to be unmounted.
"""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
BINFMT = Path("/proc/sys/fs/binfmt_misc")
QEMU = {"arm64": "aarch64", "armhf": "arm"}
# Packages of Raspberry Pi OS Lite that are needed here.
PACKAGES = (
    *("python3-minimal", "python3", "python3-venv", "libstdc++6", "dash", "coreutils", "bash", "util-linux"),
    *("passwd", "login", "sudo", "openssh-server", "libpam-modules", "ca-certificates"),
)
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
ACCOUNTS = {
    "passwd": (
        "root:x:0:0:root:/root:/bin/bash",
        "sshd:x:102:65534::/run/sshd:/usr/sbin/nologin",
        "pi:x:1000:1000::/home/pi:/bin/bash",
    ),
    "shadow": ("root:*:19000::::::", "sshd:*:19000::::::", "pi:*:19000::::::"),
    "group": ("root:x:0:", "video:x:44:", "render:x:105:", "pi:x:1000:", "nogroup:x:65534:"),
    "gshadow": ("root:*::", "video:*::", "render:*::", "pi:*::", "nogroup:*::"),
}
# LiteRT chooses its kernels by cpuinfo; with the host's it crashes under qemu 7.2.
CPUINFO = """processor	: {n}
BogoMIPS	: 108.00
Features	: {features}
CPU implementer	: 0x41
CPU architecture: 8
CPU variant	: 0x0
CPU part	: {part}
CPU revision	: 3

"""


@dataclass(frozen=True)
class Chip:
    """A Raspberry Pi's processor.

    Attributes:
        board: The board's name in /proc/cpuinfo.
        qemu: The processor's name in qemu.
        part: Its number in /proc/cpuinfo.
        features: Its features in /proc/cpuinfo.
    """

    board: str
    qemu: str
    part: str
    features: str

    def cpuinfo(self) -> str:
        cores = "".join(CPUINFO.format(n=n, features=self.features, part=self.part) for n in range(4))
        return f"{cores}Model\t\t: {self.board}\n"


PI_4 = Chip("Raspberry Pi 4 Model B Rev 1.5", "cortex-a72", "0xd08", "fp asimd evtstrm crc32 cpuid")
PI_5 = Chip(
    "Raspberry Pi 5 Model B Rev 1.0",
    "cortex-a76",
    "0xd0b",
    "fp asimd evtstrm aes pmull sha1 sha2 crc32 atomics fphp asimdhp cpuid asimdrdm lrcpc dcpop asimddp",
)
PI_2 = Chip("Raspberry Pi 2 Model B Rev 1.1", "cortex-a7", "0xc07", "half thumb fastmult vfp edsp neon vfpv3 vfpv4")


def register() -> list[Path]:
    """Let the kernel run Arm programs in every root, setuid ones such as sudo too (flags C and F of binfmt_misc).

    Returns:
        The entries in the kernel's table. Their names are random, so that two runs do not disturb each other.
    """
    if not (BINFMT / "status").exists():
        run(["mount", "-t", "binfmt_misc", "binfmt_misc", str(BINFMT)])
    entries = []
    for machine in QEMU.values():
        name = f"edge-{secrets.token_hex(4)}-{machine}"
        fields = Path(f"/usr/lib/binfmt.d/qemu-{machine}.conf").read_text().strip().split(":")
        (BINFMT / "register").write_text(":".join(["", name, *fields[2:-1], "POCF"]))
        entries.append(BINFMT / name)
    return entries


def run(words: Sequence[str]) -> None:
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(words)}\n{done.stdout}{done.stderr}"


@dataclass(frozen=True)
class Root:
    """The root folder of an emulated board.

    Attributes:
        path: The folder.
        arch: Debian's name of the architecture.
        suite: The release of Debian.
        chip: The processor.
    """

    path: Path
    arch: str
    suite: str
    chip: Chip

    def make(self, more: Sequence[str] = ()) -> None:
        """Make it anew: Debian's packages, accounts, a replacement for systemctl."""
        shutil.rmtree(self.path, ignore_errors=True)
        for name in (
            "usr/bin",
            "usr/sbin",
            "usr/lib",
            "proc",
            "sys",
            "dev",
            "tmp",
            "root",
            "run/sshd",
            "opt",
            "var/lib",
        ):
            (self.path / name).mkdir(parents=True)
        for name in ("bin", "sbin", "lib"):
            (self.path / name).symlink_to(f"usr/{name}")
        for package in self._download([*PACKAGES, *more]):
            self._unpack(package)
        self._set_up()
        self._mount()

    def enter(
        self, *words: str, cwd: str = "/", env: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run a program inside the root."""
        inside = ["chroot", str(self.path), "env", "-i", f"--chdir={cwd}", *self.env(env), *words]
        return subprocess.run(inside, capture_output=True, text=True, errors="replace", timeout=3000, check=False)

    def env(self, more: Mapping[str, str] | None = None) -> list[str]:
        """The environment, as `env` takes it. PIP_NO_COMPILE: under qemu, compiling takes longer than all the rest."""
        known = {"PATH": PATH, "HOME": "/root", "LANG": "C.UTF-8", "QEMU_CPU": self.chip.qemu, "PIP_NO_COMPILE": "1"}
        return [f"{name}={value}" for name, value in {**known, **(more or {})}.items()]

    def copy_in(self, source: Path, name: str) -> None:
        """Copy a file or a folder of this machine into the root."""
        target = self.path / name.lstrip("/")
        if source.is_dir():
            shutil.copytree(source, target, dirs_exist_ok=True)
        else:
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, target)

    def _download(self, packages: Sequence[str]) -> list[Path]:
        """Fetch packages and their dependencies by an apt of its own, from this machine's mirror."""
        state = self.path.with_suffix(".apt")
        (state / "lists/partial").mkdir(parents=True, exist_ok=True)
        (state / "cache/archives/partial").mkdir(parents=True, exist_ok=True)
        (state / "status").touch()
        keys = "/usr/share/keyrings/debian-archive-keyring.gpg"
        (state / "sources.list").write_text(f"deb [signed-by={keys}] {mirror()} {self.suite} main\n")
        settings = {
            "APT::Architecture": self.arch,
            "APT::Architectures": self.arch,
            "APT::Install-Recommends": "false",
            "APT::Sandbox::User": "root",
            "Acquire::Languages": "none",
            "Debug::NoLocking": "1",
            "Dir::Cache": str(state / "cache"),
            "Dir::Etc::sourcelist": str(state / "sources.list"),
            "Dir::Etc::sourceparts": "-",
            "Dir::State::lists": str(state / "lists"),
            "Dir::State::status": str(state / "status"),
        }
        apt = ["apt-get", "-qq", *(word for item in settings.items() for word in ("-o", "=".join(item)))]
        run([*apt, "update"])
        run([*apt, "-y", "--download-only", "install", *packages])
        return sorted((state / "cache/archives").glob("*.deb"))

    def _unpack(self, package: Path) -> None:
        with subprocess.Popen(["dpkg-deb", "--fsys-tarfile", str(package)], stdout=subprocess.PIPE) as reader:
            tar = ["tar", "-C", str(self.path), "--keep-directory-symlink", "-xf", "-"]
            done = subprocess.run(tar, stdin=reader.stdout, check=False)
        assert (reader.returncode, done.returncode) == (0, 0), package.name

    def _set_up(self) -> None:
        etc = self.path / "etc"
        for name, lines in ACCOUNTS.items():
            (etc / name).write_text("\n".join(lines) + "\n")
        (etc / "hosts").write_text("127.0.0.1 localhost raspberrypi\n")
        (etc / "sudoers.d/pi").write_text(
            'pi ALL=(ALL) NOPASSWD: ALL\nDefaults !fqdn, env_keep += "QEMU_CPU PIP_NO_COMPILE"\n'
        )
        (etc / "sudoers.d/pi").chmod(0o440)
        for name in ("auth", "account", "session", "session-noninteractive", "password"):
            (etc / f"pam.d/common-{name}").write_text(f"{name.partition('-')[0]} required pam_permit.so\n")
        stand_in = self.path / "usr/bin/systemctl"
        stand_in.unlink(missing_ok=True)
        shutil.copy(HERE / "systemctl.py", stand_in)
        stand_in.chmod(0o755)
        # Trixie's pip needs it to start; a package's script would have written it.
        known = sorted(self.path.glob("usr/share/ca-certificates/*/*.crt"))
        (etc / "ssl/certs").mkdir(parents=True, exist_ok=True)
        (etc / "ssl/certs/ca-certificates.crt").write_bytes(b"".join(path.read_bytes() for path in known))
        # Debian's numpy loads its linear algebra through an alternative, which a package's script would have made.
        for folder in self.path.glob("usr/lib/*/"):
            for name in ("blas/libblas.so.3", "lapack/liblapack.so.3"):
                if (folder / name).exists() and not (folder / Path(name).name).exists():
                    (folder / Path(name).name).symlink_to(name)
        (self.path / "tmp").chmod(0o1777)

    def _mount(self) -> None:
        run(["mount", "-t", "proc", "proc", str(self.path / "proc")])
        run(["mount", "-t", "sysfs", "sysfs", str(self.path / "sys")])
        run(["mount", "--bind", "/dev", str(self.path / "dev")])
        cpuinfo = self.path.with_suffix(".cpuinfo")
        cpuinfo.write_text(self.chip.cpuinfo())
        run(["mount", "--bind", str(cpuinfo), str(self.path / "proc/cpuinfo")])


def mirror() -> str:
    """The Debian mirror that this machine's apt uses."""
    listed = subprocess.run(
        ["apt-get", "indextargets", "--format", "$(REPO_URI)"], capture_output=True, text=True, check=True
    ).stdout.split()
    found = [line for line in listed if line.rstrip("/").endswith("/debian")]
    assert found, "no Debian mirror in this machine's apt sources, or no apt-get update yet"
    return found[0]


def size(path: Path) -> int:
    """Sum the bytes of the files under a folder."""
    return sum((Path(folder) / name).lstat().st_size for folder, _, names in os.walk(path) for name in names)
