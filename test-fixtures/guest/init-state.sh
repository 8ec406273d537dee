#!/bin/busybox sh
# pid 1 of the guests whose memory is dumped. /etc/guest.conf sets MODULES, STATE, CPUS and ZOO.
# The console is for the host: lines that start with OSI- are read by it.

/bin/busybox --install -s /bin
export PATH=/bin
. /etc/guest.conf

mkdir -p /proc /sys /dev /run /tmp
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
mount -t tmpfs tmpfs /run
mkdir -p /dev/pts && mount -t devpts devpts /dev/pts

give_up() {
	echo "OSI-FAILED $*"
	sleep 3600
}

for module in $MODULES; do
	load-module "/modules/$module.ko" || give_up "module $module"
done

load-module /modules/kernelinfo.ko 2> /run/insmod.log && give_up "kernelinfo.ko stayed loaded"
echo "OSI-INSMOD $(cat /run/insmod.log)"
dmesg > /run/dmesg.log
dmesg -r > /run/dmesg-raw.log
load-module /modules/task_truth.ko || give_up "module task_truth"

# What the zoo needs. A kernel without some of it says so, and the guest does without.
echo on > /proc/sys/kernel/printk_devkmsg
echo 4 > /proc/sys/vm/nr_hugepages
# Off by default where there is so little memory.
echo madvise > /sys/kernel/mm/transparent_hugepage/enabled
echo '0 2147483647' > /proc/sys/net/ipv4/ping_group_range
ifconfig lo 127.0.0.1 up
ifconfig dummy0 10.99.0.1 netmask 255.255.255.0 up
echo 4M > /sys/block/zram0/disksize && mkswap /dev/zram0 > /dev/null && swapon /dev/zram0
mkdir /disk
truncate -s 1M /disk.img && mkdosfs /disk.img && mount -t vfat -o loop /disk.img /disk

zoo $ZOO > /run/zoo &
until [ -s /run/zoo ]; do sleep 0.1; done
[ "$STATE" = spinning ] && spinner "$CPUS" > /run/current
sleep 1

# A log that has gone round: its first records are lost, as those of a system that runs for long.
if [ "$STATE" = idle ]; then
	dmesg -n 1
	log-flood 40000 || give_up "log-flood"
fi
# The last record of the log is one that is not finished.
echo 1 > /sys/module/task_truth/parameters/open_ended
collector /dev/vda /dev/ttyS0 /run/insmod.log /run/dmesg.log /run/dmesg-raw.log /run/current /run/page-out /proc/task_truth /proc/task_heaps \
	/proc/cmdline /proc/version /proc/iomem /proc/kallsyms /proc/modules /proc/filesystems /proc/swaps /proc/meminfo /proc/sys/kernel/osrelease \
	/dev/kmsg
give_up "the collector ended"
