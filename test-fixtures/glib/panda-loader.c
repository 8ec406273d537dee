/*
 * Loads a group of a kernelinfo.conf as PANDA's osi_linux does, and says whether PANDA accepts it.
 *
 *   panda-loader FILE GROUP      exit 0: accepted; 1: refused, 2: wrong usage
 *
 * Output, a line each:
 *   accepted
 *   missing KEY                  a key that PANDA cannot do without is not there
 *   refused KEY: WHY             its value is none to GLib
 *   rejected: WHY                GLib rejects the whole file, or has no such group
 *
 * Which keys PANDA reads, by which getter, and which it cannot do without at which version of the kernel, was taken
 * from what osi_linux asks for; the program is the project's own. Keys that PANDA does without are not looked at.
 *
 * Build: gcc -O2 -Wall panda-loader.c $(pkg-config --cflags --libs glib-2.0) -o panda-loader
 */
#include <glib.h>
#include <stdio.h>

enum type { INTEGER, ADDRESS, TEXT };
enum need { ALWAYS, MODERN, LINUX_2_4 };

struct key {
	const char *name;
	enum type type;
	enum need need;
};

static const struct key keys[] = {
	{ "name", TEXT, ALWAYS },
	{ "version.a", INTEGER, ALWAYS },
	{ "version.b", INTEGER, ALWAYS },
	{ "version.c", INTEGER, ALWAYS },
	{ "task.init_addr", ADDRESS, ALWAYS },
	{ "task.size", INTEGER, ALWAYS },
	{ "task.pid_offset", INTEGER, ALWAYS },
	{ "task.tgid_offset", INTEGER, ALWAYS },
	{ "task.mm_offset", INTEGER, ALWAYS },
	{ "task.comm_offset", INTEGER, ALWAYS },
	{ "task.comm_size", INTEGER, ALWAYS },
	{ "task.files_offset", INTEGER, ALWAYS },
	{ "mm.size", INTEGER, ALWAYS },
	{ "mm.pgd_offset", INTEGER, ALWAYS },
	{ "mm.arg_start_offset", INTEGER, ALWAYS },
	{ "mm.start_brk_offset", INTEGER, ALWAYS },
	{ "mm.brk_offset", INTEGER, ALWAYS },
	{ "mm.start_stack_offset", INTEGER, ALWAYS },
	{ "vma.size", INTEGER, ALWAYS },
	{ "vma.vm_mm_offset", INTEGER, ALWAYS },
	{ "vma.vm_start_offset", INTEGER, ALWAYS },
	{ "vma.vm_end_offset", INTEGER, ALWAYS },
	{ "vma.vm_file_offset", INTEGER, ALWAYS },
	{ "vma.vm_flags_offset", INTEGER, ALWAYS },
	{ "fs.f_pos_offset", INTEGER, ALWAYS },
	{ "fs.fd_offset", INTEGER, ALWAYS },
	{ "qstr.size", INTEGER, ALWAYS },
	{ "qstr.name_offset", INTEGER, ALWAYS },
	{ "path.d_name_offset", INTEGER, ALWAYS },
	{ "path.d_iname_offset", INTEGER, ALWAYS },
	{ "path.d_parent_offset", INTEGER, ALWAYS },
	{ "path.d_op_offset", INTEGER, ALWAYS },
	{ "path.mnt_root_offset", INTEGER, ALWAYS },
	{ "path.mnt_parent_offset", INTEGER, ALWAYS },
	{ "path.mnt_mountpoint_offset", INTEGER, ALWAYS },

	{ "task.per_cpu_offsets_addr", ADDRESS, MODERN },
	{ "task.per_cpu_offset_0_addr", ADDRESS, MODERN },
	{ "task.current_task_addr", ADDRESS, MODERN },
	{ "task.tasks_offset", INTEGER, MODERN },
	{ "task.group_leader_offset", INTEGER, MODERN },
	{ "task.stack_offset", INTEGER, MODERN },
	{ "task.real_parent_offset", INTEGER, MODERN },
	{ "task.parent_offset", INTEGER, MODERN },
	{ "task.real_cred_offset", INTEGER, MODERN },
	{ "task.cred_offset", INTEGER, MODERN },
	{ "cred.uid_offset", INTEGER, MODERN },
	{ "cred.gid_offset", INTEGER, MODERN },
	{ "cred.euid_offset", INTEGER, MODERN },
	{ "cred.egid_offset", INTEGER, MODERN },
	{ "fs.f_path_dentry_offset", INTEGER, MODERN },
	{ "fs.f_path_mnt_offset", INTEGER, MODERN },
	{ "fs.fdt_offset", INTEGER, MODERN },
	{ "fs.fdtab_offset", INTEGER, MODERN },
	{ "path.d_dname_offset", INTEGER, MODERN },

	{ "task.next_task_offset", INTEGER, LINUX_2_4 },
	{ "task.p_opptr_offset", INTEGER, LINUX_2_4 },
	{ "task.p_pptr_offset", INTEGER, LINUX_2_4 },
	{ "fs.f_dentry_offset", INTEGER, LINUX_2_4 },
	{ "fs.f_vfsmnt_offset", INTEGER, LINUX_2_4 },
};

#define VERSION(a, b, c) (((a) << 16) + ((b) << 8) + (c))

static int version_of(GKeyFile *file, const char *group)
{
	return VERSION(g_key_file_get_integer(file, group, "version.a", NULL),
		       g_key_file_get_integer(file, group, "version.b", NULL),
		       g_key_file_get_integer(file, group, "version.c", NULL));
}

static gboolean is_needed(enum need need, int version)
{
	if (need == ALWAYS)
		return TRUE;
	if (need == MODERN)
		return version > VERSION(2, 4, 254);
	return version >= VERSION(2, 4, 0) && version <= VERSION(2, 4, 254);
}

/* Returns 1 when PANDA cannot do with what the group has under the key. */
static int load_key(GKeyFile *file, const char *group, const struct key *key)
{
	GError *error = NULL;

	if (key->type == TEXT)
		g_free(g_key_file_get_string(file, group, key->name, &error));
	else if (key->type == ADDRESS)
		g_key_file_get_uint64(file, group, key->name, &error);
	else
		g_key_file_get_integer(file, group, key->name, &error);
	if (!error)
		return 0;
	if (g_error_matches(error, G_KEY_FILE_ERROR, G_KEY_FILE_ERROR_KEY_NOT_FOUND))
		printf("missing %s\n", key->name);
	else
		printf("refused %s: %s\n", key->name, error->message);
	g_error_free(error);
	return 1;
}

int main(int argc, char **argv)
{
	GKeyFile *file = g_key_file_new();
	GError *error = NULL;
	int wrong = 0;
	int version;

	if (argc != 3) {
		fprintf(stderr, "usage: panda-loader FILE GROUP\n");
		return 2;
	}
	if (!g_key_file_load_from_file(file, argv[1], G_KEY_FILE_NONE, &error)) {
		printf("rejected: %s\n", error->message);
		return 1;
	}
	if (!g_key_file_has_group(file, argv[2])) {
		printf("rejected: no group [%s]\n", argv[2]);
		return 1;
	}
	version = version_of(file, argv[2]);
	for (gsize index = 0; index < G_N_ELEMENTS(keys); index++)
		if (is_needed(keys[index].need, version))
			wrong += load_key(file, argv[2], &keys[index]);
	if (!wrong)
		printf("accepted\n");
	g_key_file_free(file);
	return wrong ? 1 : 0;
}
