/*
 * The least that kernelinfo-module needs of an old kernel, written for its tests: what a name is and not what it
 * does, for the compiler alone. Every header of the kernel of old-headers.guest.test.ts is this one.
 *
 * What a kernel of that age lacks must stay absent here: strchrnul() and struct vm_special_mapping (3.16),
 * kstrtoull() (2.6.39), IS_ENABLED (3.1), CONFIG_PGTABLE_LEVELS (4.2), copy_from_kernel_nofault() (5.8),
 * PHYS_PFN() (4.5), and with OLDEST get_fs_root() (2.6.36), kern_unmount() (3.2).
 */
#ifndef OLD_KERNEL_H
#define OLD_KERNEL_H

#define CONFIG_X86		1
#define CONFIG_X86_64		1
#define CONFIG_KEXEC		1
#define PAGETABLE_LEVELS	4
#define LINUX_VERSION_CODE	0

#define NULL		((void *)0)
#define LONG_MAX	((long)(~0ul >> 1))
#define PAGE_SHIFT	12
#define PAGE_SIZE	(1ul << PAGE_SHIFT)
#define EPERM		1
#define ENOMEM		12
#define GFP_KERNEL	0
#define VM_GROWSDOWN	0x100
#define MODULES_VADDR	0xffffffffa0000000ul
#define MODULES_END	0xffffffffff000000ul
#define KERNEL_IMAGE_SIZE	0x20000000ul

#define __init
#define __initdata
#define __maybe_unused		__attribute__((__unused__))
#define offsetof(type, member)	__builtin_offsetof(type, member)
#define ALIGN(value, to)	(((value) + (to) - 1) & ~((to) - 1))
#define min(one, other)		((one) < (other) ? (one) : (other))
#define max(one, other)		((one) > (other) ? (one) : (other))
#define pr_info(...)		printk(__VA_ARGS__)
#define module_init(function)	int init_module(void) { return function(); }
#define MODULE_LICENSE(text)	struct to_end_with_a_semicolon
#define MODULE_DESCRIPTION(text)	struct to_end_with_a_semicolon
#define THIS_MODULE		(&this_module)
#define current			(&init_task)

typedef _Bool bool;
#define true	1
#define false	0
typedef __SIZE_TYPE__ size_t;
typedef unsigned long long phys_addr_t;

struct elf_note { unsigned int n_namesz, n_descsz, n_type; };
struct list_head { struct list_head *next, *prev; };
struct module { struct list_head list; };
struct dentry;
struct vfsmount;
struct path { struct vfsmount *mnt; struct dentry *dentry; };
struct file { struct path f_path; void *private_data; };
struct file_system_type { const char *name; struct module *owner; };
struct fs_struct { struct path root; };
struct mm_struct { unsigned long start_brk, brk; };
struct vm_area_struct { struct mm_struct *vm_mm; unsigned long vm_start, vm_end, vm_flags; };
struct sock { unsigned int sk_padding : 8, sk_protocol : 8; };
struct task_struct { int pid; struct fs_struct *fs; struct mm_struct *mm; };

extern struct task_struct init_task;
extern struct module this_module;

int printk(const char *format, ...);
void *kmalloc(size_t size, int flags);
void *kzalloc(size_t size, int flags);
void kfree(const void *block);
size_t strlen(const char *text);
size_t strcspn(const char *text, const char *reject);
int strcmp(const char *one, const char *other);
int strncmp(const char *one, const char *other, size_t count);
int memcmp(const void *one, const void *other, size_t count);
void *memcpy(void *to, const void *from, size_t count);
void *memchr(const void *where, int what, size_t count);
unsigned long long simple_strtoull(const char *text, char **end, unsigned int base);
long probe_kernel_read(void *to, void *from, size_t size);
unsigned long paddr_vmcoreinfo_note(void);
int pfn_valid(unsigned long pfn);
void *pfn_to_page(unsigned long pfn);
int PageHighMem(void *page);
void *phys_to_virt(phys_addr_t address);
int kallsyms_on_each_symbol(int (*each)(void *, const char *, struct module *, unsigned long), void *data);
void rcu_read_lock(void);
void rcu_read_unlock(void);
void rcu_read_lock_sched(void);
void rcu_read_unlock_sched(void);

#ifdef OLDEST
struct vfsmount {
	struct vfsmount *mnt_parent;
	struct dentry *mnt_mountpoint;
	struct dentry *mnt_root;
	int mnt_id;
};
static inline int vma_stack_continue(struct vm_area_struct *vma, unsigned long addr) { return 0; }
#else
struct vfsmount { struct dentry *mnt_root; };
static inline int stack_guard_page_start(struct vm_area_struct *vma, unsigned long addr) { return 0; }

#define IS_ERR(pointer)		((unsigned long)(pointer) >= -4095ul)
#define ERR_PTR(error)		((void *)(long)(error))
#define O_RDONLY		0
#define TASK_SIZE		0x7ffffffff000ul
#define for_each_process(task)	for (task = &init_task; task; task = NULL)
void get_fs_root(struct fs_struct *fs, struct path *root);
void task_lock(struct task_struct *task);
void task_unlock(struct task_struct *task);
void path_get(const struct path *path);
void path_put(const struct path *path);
struct vfsmount *mntget(struct vfsmount *mnt);
void mntput(struct vfsmount *mnt);
int follow_up(struct path *path);
struct vfsmount *kern_mount(struct file_system_type *type);
void kern_unmount(struct vfsmount *mnt);
struct file_system_type *get_fs_type(const char *name);
void module_put(struct module *module);

struct seq_operations;
struct seq_file { char *buf; size_t size; const struct seq_operations *op; };
struct seq_operations { int (*show)(struct seq_file *m, void *v); };
int snprintf(char *to, size_t size, const char *format, ...);
char *strstr(const char *text, const char *part);
int task_pid_vnr(struct task_struct *task);
struct file *filp_open(const char *path, int flags, int mode);
void fput(struct file *file);
int vma_is_stack_for_task(struct vm_area_struct *vma, struct task_struct *t);
#endif

#endif
