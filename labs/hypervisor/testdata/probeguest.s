# The guest of the KVM probe: what an ordinary kernel needs of a processor, in
# the order in which it needs it. It is entered at the reset vector in 16-bit
# mode, prints a letter on the debug port after each stage, and ends QEMU by
# the isa-debug-exit device. probeguest.go holds the same code as bytes; a test
# assembles this file again and compares.
#
#   P  32-bit protected mode
#   L  64-bit mode with paging
#   S  50 million instructions in kernel mode
#   F  a page fault, repaired and resumed
#   T  a timer interrupt that wakes the processor from HLT
#   U  user mode, and a system call back
	.set BASE, 0xffff0000
	.code16
start16:
	cli
	cs lgdtl gdtr-start16
	mov %cr0, %eax
	or $1, %al
	mov %eax, %cr0
	ljmpl $8, $BASE+start32-start16
	.code32
start32:
	mov $0x10, %eax
	mov %eax, %ds
	mov %eax, %es
	mov %eax, %ss
	mov $0x8000, %esp
	cld
	mov $0x402, %edx
	mov $'P', %al
	out %al, %dx
	mov $0x1000, %edi
	mov $0x2800, %ecx
	xor %eax, %eax
	rep stosl
	movl $0x2007, 0x1000
	mov $0x2000, %edi
	mov $0x3007, %eax
	mov $4, %ecx
1:	mov %eax, (%edi)
	add $0x1000, %eax
	add $8, %edi
	loop 1b
	mov $0x3000, %edi
	mov $0x87, %eax
	mov $2048, %ecx
2:	mov %eax, (%edi)
	add $0x200000, %eax
	add $8, %edi
	loop 2b
	mov $0x1000, %eax
	mov %eax, %cr3
	mov %cr4, %eax
	or $0x20, %eax
	mov %eax, %cr4
	mov $0xc0000080, %ecx
	rdmsr
	or $0x101, %eax
	wrmsr
	mov %cr0, %eax
	or $0x80010000, %eax
	mov %eax, %cr0
	ljmpl $0x18, $BASE+start64-start16
	.code64
start64:
	mov $0x20, %eax
	mov %eax, %ds
	mov %eax, %es
	mov %eax, %ss
	mov $0x402, %edx
	mov $'L', %al
	out %al, %dx
	# a processor does this in 20 ms, an emulated one in a minute
	mov $50000000, %ecx
5:	dec %ecx
	jnz 5b
	mov $'S', %al
	out %al, %dx
	# the interrupt table lies at 0x9000: vectors 14 (page fault) and 32 (timer)
	movl $0x180000 + fault-start16, 0x90e0
	movl $0xffff8e00, 0x90e4
	movl $0x180000 + tick-start16, 0x9200
	movl $0xffff8e00, 0x9204
	movw $0x3ff, 0x8f00
	movl $0x9000, 0x8f02
	lidt 0x8f00
	# take the page at 1 GiB away and touch it; the handler puts it back
	movl $0, 0x4000
	invlpg 0x40000000
	mov 0x40000000, %eax
	mov $'F', %al
	out %al, %dx
	# the local APIC's one-shot timer
	xor %ebx, %ebx
	mov $0xfee00000, %esi
	movl $0x1ff, 0xf0(%rsi)
	movl $0xb, 0x3e0(%rsi)
	movl $0x20, 0x320(%rsi)
	movl $1000000, 0x380(%rsi)
3:	sti
	hlt
	cli
	test %ebx, %ebx
	jz 3b
	mov $'T', %al
	out %al, %dx
	# leave by SYSRET, come back by SYSCALL
	mov $0xc0000081, %ecx
	xor %eax, %eax
	mov $0x00200018, %edx
	wrmsr
	inc %ecx
	mov $BASE+call-start16, %eax
	xor %edx, %edx
	wrmsr
	mov $0x402, %edx
	mov $BASE+user-start16, %ecx
	mov $2, %r11d
	sysretq
user:
	syscall
	ud2
call:
	mov $'U', %al
	out %al, %dx
	mov $0xf4, %edx
	mov $0x10, %eax
	out %eax, %dx
4:	hlt
	jmp 4b
fault:
	movl $0x87, 0x4000
	add $8, %rsp
	iretq
tick:
	inc %ebx
	movl $0, 0xb0(%rsi)
	iretq
	.balign 8
gdt:
	.quad 0
	.quad 0x00cf9b000000ffff
	.quad 0x00cf93000000ffff
	.quad 0x00af9b000000ffff
	.quad 0x00cf93000000ffff
	.quad 0x00cff3000000ffff
	.quad 0x00affb000000ffff
gdtr:
	.word 55
	.long BASE+gdt-start16
