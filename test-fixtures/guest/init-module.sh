#!/bin/busybox sh
# pid 1 of the guest in which kernelinfo.ko is loaded under different circumstances.
# Each stage begins with a line "OSI-STAGE NAME" in the kernel log; /run/results collects what the host checks.

/bin/busybox mkdir -p /dev /proc /run /mnt
/bin/busybox --install -s /bin
export PATH=/bin
. /etc/guest.conf

give_up() {
	echo "OSI-FAILED $*"
	sleep 3600
}

stage() {
	echo "OSI-STAGE $1" > /dev/kmsg
}

# Loading always fails; what it says is kept.
load() {
	load-module /modules/kernelinfo.ko 2>> /run/results && give_up "kernelinfo.ko stayed loaded"
}

# The kernel gives a new file system the lowest free number: one that is left over shows.
free_device_number() {
	mount -t tmpfs probe /mnt
	stat -c %d /mnt
	umount /mnt
}

# Nothing is mounted but the root file system itself, not even /proc.
mknod /dev/kmsg c 1 11
stage bare
load
load
echo "BARE-MODULES $(ls /proc)" >> /run/results

mount -t proc proc /proc
mount -t devtmpfs devtmpfs /dev
for module in $MODULES; do
	load-module "/modules/$module.ko" || give_up "module $module"
done
cat /proc/mounts > /run/mounts-before
free_device_number > /run/number-before

# A mount namespace with mounts upon mounts, and a root that is not the namespace's own.
stage chroot
mount -t tmpfs outer /mnt
mkdir -p /mnt/inner
cp -a /bin /modules /mnt
mount -t tmpfs inner /mnt/inner
cp -a /bin /modules /mnt/inner
mkdir /mnt/inner/run
unshare -m sh -c 'mount --bind /mnt/inner /mnt/inner && exec chroot /mnt/inner /bin/load-module /modules/kernelinfo.ko' \
	2>> /run/results
umount /mnt/inner || echo "HELD inner" >> /run/results
umount /mnt || echo "HELD outer" >> /run/results

# An ordinary system's root: moved over the root file system, then exchanged in a namespace of its own.
stage pivot
unshare -m sh -c '
	mount -t tmpfs outer /mnt && cp -a /bin /modules /mnt && cd /mnt && mount --move . / && exec chroot . sh -c "
		mkdir /new && mount -t tmpfs new /new && cp -a /bin /modules /new && mkdir /new/old
		cd /new && pivot_root . old && exec chroot . /bin/load-module /modules/kernelinfo.ko
	"' 2>> /run/results

# Numbers of mounts with gaps: every second one is free again.
stage gaps
for number in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24; do
	mkdir -p /gaps/$number && mount -t tmpfs gap /gaps/$number
done
for number in 1 3 5 7 9 11 13 15 17 19 21 23; do
	umount /gaps/$number
done
load
for number in 2 4 6 8 10 12 14 16 18 20 22 24; do
	umount /gaps/$number
done

stage many
count=0
while [ $count -lt 40 ]; do
	load
	count=$((count + 1))
done

stage end
cat /proc/mounts > /run/mounts-after
free_device_number > /run/number-after
cat /proc/modules > /run/modules
mkdir /sys
mount -t sysfs sysfs /sys
dmesg -r > /run/dmesg-raw.log
collector /dev/vda /dev/ttyS0 /run/results /run/mounts-before /run/mounts-after /run/number-before \
	/run/number-after /run/modules /run/dmesg-raw.log /proc/kallsyms /sys/kernel/btf/vmlinux
give_up "the collector ended"
