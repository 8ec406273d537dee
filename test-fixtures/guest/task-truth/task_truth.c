// SPDX-License-Identifier: GPL-2.0
/*
 * task_truth - /proc/task_truth: what /proc does not show of each task. For tests only.
 *
 * A line a task, in the kernel's own order, leaders before their threads:
 *     task tgid pid ppid kthread start_time pgd pgd_physical comm
 * Addresses are hex, `-` where there is none; comm is its 16 bytes as hex digits.
 *
 * /proc/task_heaps: a line `pid start_brk brk` for each process that has user memory.
 *
 * Writing a number to its parameter `spin` keeps the writer in the kernel for a while, with that number in EBX.
 */

#include <linux/device.h>
#include <linux/err.h>
#include <linux/io.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/proc_fs.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/seq_file.h>

static void show_task(struct seq_file *file, struct task_struct *task)
{
	struct mm_struct *mm;

	seq_printf(file, "%lx %d %d %d %d %llu ", (unsigned long)task, task_tgid_nr(task), task_pid_nr(task),
		   task_tgid_nr(rcu_dereference(task->real_parent)), !!(task->flags & PF_KTHREAD),
		   (unsigned long long)task->start_time);
	task_lock(task);
	mm = task->mm;
	if (mm)
		seq_printf(file, "%lx %llx ", (unsigned long)mm->pgd, (unsigned long long)virt_to_phys(mm->pgd));
	else
		seq_puts(file, "- - ");
	seq_printf(file, "%*phN\n", (int)sizeof(task->comm), task->comm);
	task_unlock(task);
}

static int show_tasks(struct seq_file *file, void *unused)
{
	struct task_struct *leader, *task;

	rcu_read_lock();
	show_task(file, &init_task);
	for_each_process_thread(leader, task)
		show_task(file, task);
	rcu_read_unlock();
	return 0;
}

static int show_heaps(struct seq_file *file, void *unused)
{
	struct task_struct *leader;

	rcu_read_lock();
	for_each_process(leader) {
		task_lock(leader);
		if (leader->mm)
			seq_printf(file, "%d %lx %lx\n", task_tgid_nr(leader), leader->mm->start_brk, leader->mm->brk);
		task_unlock(leader);
	}
	rcu_read_unlock();
	return 0;
}

/* Records that programs cannot write into the log: pieces of a line, and records of a device. */
static void __init write_log(void)
{
	struct device *device = root_device_register("task_truth");
	int level;

	pr_info("task_truth: a line");
	pr_cont(" of");
	pr_cont(" pieces\n");
	pr_info("task_truth: without a newline");
	pr_info("task_truth: with %d lines\nof its own\n\nand one empty\n", 4);
	pr_cont("task_truth: goes on after nothing\n");
	for (level = 0; level < 8; level++)
		printk("%s%d task_truth: level %d\n", (const char[]){ KERN_SOH_ASCII, (char)('0' + level), 0 }, level, level);
	printk("task_truth: the default level\n");
	pr_info("\n");
	pr_info("task_truth: \001 \033[0m \\ \177 \377\n");
	/* Longer than a record may be: the kernel cuts it. */
	pr_info("task_truth: %1500d\n", 1);
	if (IS_ERR(device))
		return;
	dev_info(device, "task_truth: of a device\n");
	dev_warn(device, "task_truth: of a device,\nin two lines\n");
	root_device_unregister(device);
}

/* A line that may still go on: no reader of the log sees it. */
static int leave_open(const char *value, const struct kernel_param *parameter)
{
	pr_info("task_truth: open-ended");
	return 0;
}

static const struct kernel_param_ops open_ended = { .set = leave_open };
module_param_cb(open_ended, &open_ended, NULL, 0200);

/* Some milliseconds under software emulation. */
#define SPIN_TURNS 4000

static int spin(const char *value, const struct kernel_param *parameter)
{
	unsigned int turns = SPIN_TURNS, marker;
	int error = kstrtouint(value, 0, &marker);

	if (error)
		return error;
	asm volatile("1:\tpause\n\tdecl %0\n\tjnz 1b\n\txorl %1, %1" : "+r"(turns), "+b"(marker) : : "cc");
	return 0;
}

static const struct kernel_param_ops spin_ops = { .set = spin };
module_param_cb(spin, &spin_ops, NULL, 0200);

static int __init task_truth_init(void)
{
	write_log();
	if (!proc_create_single("task_truth", 0400, NULL, show_tasks))
		return -ENOMEM;
	if (proc_create_single("task_heaps", 0400, NULL, show_heaps))
		return 0;
	remove_proc_entry("task_truth", NULL);
	return -ENOMEM;
}

static void __exit task_truth_exit(void)
{
	remove_proc_entry("task_heaps", NULL);
	remove_proc_entry("task_truth", NULL);
}

module_init(task_truth_init);
module_exit(task_truth_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Truth for osi-linux's tests");
