# SPDX-License-Identifier: BSD-2-Clause
"""FIT sources written from Python: what the tests boot. boot/demo.its is the one for people."""

from dataclasses import dataclass, field
from pathlib import Path

MIB = 1 << 20


@dataclass
class Vm:
    """One configuration node. Sizes are bytes; what is None or empty is left out of the node."""

    name: str
    kernel: str  # a file
    ramdisk: str = None
    load: int = None  # with entry: for an image without the Linux header
    entry: int = None
    bootargs: str = None
    cpus: int = None
    boot_memory: int = 64 * MIB
    owned_memory: int = None
    window: tuple = None  # base and size
    lend_to: list = field(default_factory=list)
    absent: str = None
    arch: str = "arm64"  # of the kernel; "arm" for a 32-bit guest
    extra: str = ""  # properties as device-tree source

    def properties(self):
        rows = [
            ("bootargs", self.bootargs and f'"{self.bootargs}"'),
            ("lendvisor,cpus", self.cpus is not None and f"<{self.cpus}>"),
            ("lendvisor,boot-memory", self.boot_memory is not None and u64s(self.boot_memory)),
            ("lendvisor,owned-memory", self.owned_memory is not None and u64s(self.owned_memory)),
            ("lendvisor,window", self.window and u64s(*self.window)),
            ("lendvisor,lend-to", ", ".join(f'"{name}"' for name in self.lend_to)),
            ("lendvisor,absent", self.absent and f'"{self.absent}"'),
        ]
        return [f"{name} = {value};" for name, value in rows if value] + self.extra.split("\n")


def u64s(*values):
    return "/bits/ 64 <" + " ".join(f"{value:#x}" for value in values) + ">"


def _image(name, file, kind, arch, extra, hashes):
    nodes = "".join(f"""
			hash-{nr} {{
				algo = "{algo}";
			}};""" for nr, algo in enumerate(hashes, 1))
    return f"""
		{name} {{
			description = "{name}";
			data = /incbin/("{Path(file).resolve()}");
			type = "{kind}";
			arch = "{arch}";
			os = "linux";
			compression = "none";
{extra}{nodes}
		}};"""


def write(vms, block_size=None, hashes=("crc32",)):
    """The text of a FIT source for these VMs, in the order of their ids; hashes of each image."""
    images = {}
    configurations = []
    for vm in vms:
        where = ""
        if vm.load is not None:
            where = f"load = <{vm.load:#x}>; entry = <{vm.entry:#x}>;"
        key = (vm.kernel, vm.arch, where)
        images.setdefault(key, (f"kernel-{len(images)}", vm.kernel, "kernel", vm.arch, where))
        lines = [f'description = "{vm.name}";', f'kernel = "{images[key][0]}";']
        if vm.ramdisk:
            key = (vm.ramdisk, "ramdisk")
            images.setdefault(key, (f"ramdisk-{len(images)}", vm.ramdisk, "ramdisk", "arm64", ""))
            lines.append(f'ramdisk = "{images[key][0]}";')
        body = "\n\t\t\t".join(lines + vm.properties())
        configurations.append(f"\n\t\t{vm.name} {{\n\t\t\t{body}\n\t\t}};")
    block = f"\n\tlendvisor {{\n\t\tblock-size = {u64s(block_size)};\n\t}};" if block_size else ""
    return f"""/dts-v1/;

/ {{
	description = "a test";
	#address-cells = <1>;
{block}
	images {{{"".join(_image(*image, hashes) for image in images.values())}
	}};

	configurations {{{"".join(configurations)}
	}};
}};
"""
