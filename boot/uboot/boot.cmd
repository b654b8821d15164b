# SPDX-License-Identifier: BSD-2-Clause
# What U-Boot's standard boot flow finds on the disk as boot.scr: the hypervisor is started as a
# Linux kernel is, with the VM bundle in the place of its ramdisk. scripts/uboot-disk makes the disk.
echo "lendvisor: loading hypervisor and VM bundle"
load ${devtype} ${devnum}:${distro_bootpart} ${kernel_addr_r} lendvisor.img
load ${devtype} ${devnum}:${distro_bootpart} ${ramdisk_addr_r} vms.uimg
booti ${kernel_addr_r} ${ramdisk_addr_r} ${fdtcontroladdr}
# Reached only when it could not be started: do not wait at a prompt nobody looks at.
poweroff
