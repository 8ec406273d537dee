#!/bin/busybox sh
# pid 1 of the guests whose memory is dumped. /etc/guest.conf sets MODULES, STATE and CPUS.
# The console is for the host: lines that start with OSI- are read by it.

/bin/busybox --install -s /bin
export PATH=/bin
. /etc/guest.conf

mkdir -p /proc /sys /dev /run /tmp
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
mount -t tmpfs tmpfs /run

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

zoo > /run/zoo &
until [ -s /run/zoo ]; do sleep 0.1; done
[ "$STATE" = spinning ] && spinner "$CPUS" > /run/current
sleep 1

collector /dev/vda /dev/ttyS0 /run/insmod.log /run/dmesg.log /run/dmesg-raw.log /run/current /proc/task_truth \
	/proc/cmdline /proc/version /proc/iomem /dev/kmsg
give_up "the collector ended"
