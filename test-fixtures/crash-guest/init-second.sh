#!/bin/busybox sh
# pid 1 of the kernel that is started when the first one crashes.

/bin/busybox --install -s /bin
export PATH=/bin
mkdir -p /proc
mount -t proc proc /proc
echo "OSI-COMMAND-LINE $(cat /proc/cmdline)"
echo "OSI-SECOND $(grep ' _text$' /proc/kallsyms)"
sleep 3600
