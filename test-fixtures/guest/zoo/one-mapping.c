// SPDX-License-Identifier: MIT
/* A process with one mapping: the page that it runs in. */
#define _GNU_SOURCE
#include "zoo.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGE 4096

/* Both end below the hole of addresses, which is where every process ends that does not ask for more. */
#ifdef __x86_64__
#define USER_END 0x7ffffffff000ul
/* rbx: the page; r12: its end; r13: the length from there to the end of user space. */
__asm__(".pushsection .rodata\n"
	"one_mapping_start:\n"
	"	mov $11, %eax\n" /* munmap */
	"	xor %edi, %edi\n"
	"	mov %rbx, %rsi\n"
	"	syscall\n"
	"	mov $11, %eax\n"
	"	mov %r12, %rdi\n"
	"	mov %r13, %rsi\n"
	"	syscall\n"
	"	mov $1, %eax\n" /* write */
	"	mov %r14, %rdi\n"
	"	mov %rbx, %rsi\n"
	"	mov $1, %edx\n"
	"	syscall\n"
	"1:	mov $34, %eax\n" /* pause */
	"	syscall\n"
	"	jmp 1b\n"
	"one_mapping_end:\n"
	".popsection\n");
#else
/* ebp: the page; esi: its end; edi: the length from there to the end of user space. */
__asm__(".pushsection .rodata\n"
	"one_mapping_start:\n"
	"	mov $91, %eax\n" /* munmap */
	"	xor %ebx, %ebx\n"
	"	mov %ebp, %ecx\n"
	"	int $0x80\n"
	"	mov $91, %eax\n"
	"	mov %esi, %ebx\n"
	"	mov %edi, %ecx\n"
	"	int $0x80\n"
	"	mov $4, %eax\n" /* write */
	"	mov $9, %ebx\n"
	"	mov %ebp, %ecx\n"
	"	mov $1, %edx\n"
	"	int $0x80\n"
	"1:	mov $29, %eax\n" /* pause */
	"	int $0x80\n"
	"	jmp 1b\n"
	"one_mapping_end:\n"
	".popsection\n");
#define USER_END 0xc0000000ul
#endif

extern const char one_mapping_start[], one_mapping_end[];

static _Noreturn void leave_everything(char *page)
{
	uintptr_t end = (uintptr_t)page + PAGE;

#ifdef __x86_64__
	register uintptr_t page_register __asm__("rbx") = (uintptr_t)page;
	register uintptr_t end_register __asm__("r12") = end;
	register uintptr_t rest_register __asm__("r13") = USER_END - end;
	register uintptr_t ready_register __asm__("r14") = READY_FD;

	__asm__ volatile("jmp *%0"
			 :
			 : "r"(page_register), "r"(end_register), "r"(rest_register), "r"(ready_register));
#else
	__asm__ volatile("push %0\n\tmov %0, %%ebp\n\tret" : : "a"(page), "S"(end), "D"(USER_END - end));
#endif
	__builtin_unreachable();
}

void be_one_mapping(void)
{
	char *page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (page == MAP_FAILED)
		fail("mmap");
	set_name("one-mapping");
	memcpy(page, one_mapping_start, (size_t)(one_mapping_end - one_mapping_start));
	leave_everything(page);
}

/*
 * The kernel writes into an area of newer C libraries (rseq) whenever it interrupts a program, and kills one that
 * lost it: started anew, the library is told not to have one.
 */
void start_one_mapping(void)
{
	char *argv[] = { "zoo", "one-mapping", NULL };
	char *environment[] = { "GLIBC_TUNABLES=glibc.pthread.rseq=0", NULL };

	start_program("/proc/self/exe", argv, environment);
}
