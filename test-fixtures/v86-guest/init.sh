#!/bin/busybox sh
# pid 1 of the guest in the v86 emulator. The first serial port is the console: lines that start with OSI- are read by
# the host. On the second one a shell takes the host's commands, and writes the truth when it is told to.

/bin/busybox --install -s /bin
export PATH=/bin

mkdir -p /proc /sys /dev /run /tmp
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
mount -t tmpfs tmpfs /run

give_up() {
	echo "OSI-FAILED $*"
	sleep 3600
}

load-module /modules/kernelinfo.ko 2> /run/insmod.log && give_up "kernelinfo.ko stayed loaded"
echo "OSI-INSMOD $(cat /run/insmod.log)"
load-module /modules/task_truth.ko || give_up "module task_truth"

stty -F /dev/ttyS1 raw -echo || give_up "the second serial port"
sh /etc/commands.sh < /dev/ttyS1 > /dev/ttyS1 2>&1 &

# What there is to see: programs with arguments, an environment, open files, one that is deleted.
cd /tmp
GREETING='good day' sleep 1000001 < /etc/commands.sh 3> /tmp/written &
echo text > /tmp/gone
sleep 1000002 4< /tmp/gone &
cp /bin/busybox '/tmp/a name'
(exec -a sleep '/tmp/a name' 1000003) &
sleep 2
rm /tmp/gone
: > /run/truth

collector /run/truth /dev/ttyS0 /proc/task_truth /proc/cmdline /proc/version /proc/kallsyms /proc/modules /proc/filesystems /proc/sys/kernel/osrelease
give_up "the collector ended"
