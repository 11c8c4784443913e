package hypervisor

// probeROM is a firmware image of 64 KiB whose code is testdata/probeguest.s:
// QEMU maps it to the end of the first 4 GiB and starts at its last 16 bytes.
func probeROM() []byte {
	const (
		size   = 64 << 10
		reset  = size - 16
		jump   = 0xe9 // jump by a 16-bit distance, counted from the next instruction
		halt   = 0xf4
		target = size - (reset + 3)
	)
	rom := make([]byte, size)
	for i := range rom {
		rom[i] = halt
	}
	copy(rom, probeCode)
	rom[reset], rom[reset+1], rom[reset+2] = jump, target&0xff, target>>8
	return rom
}

// probeCode is the assembled guest, one line for each instruction.
const probeCode = "" +
	"\xfa" + // cli
	"\x2e\x66\x0f\x01\x16\x08\x02" + // cs lgdtl gdtr-start16
	"\x0f\x20\xc0" + // mov %cr0, %eax
	"\x0c\x01" + // or $1, %al
	"\x0f\x22\xc0" + // mov %eax, %cr0
	"\x66\xea\x18\x00\xff\xff\x08\x00" + // ljmpl $8, $BASE+start32-start16
	"\xb8\x10\x00\x00\x00" + // mov $0x10, %eax
	"\x8e\xd8" + // mov %eax, %ds
	"\x8e\xc0" + // mov %eax, %es
	"\x8e\xd0" + // mov %eax, %ss
	"\xbc\x00\x80\x00\x00" + // mov $0x8000, %esp
	"\xfc" + // cld
	"\xba\x02\x04\x00\x00" + // mov $0x402, %edx
	"\xb0\x50" + // mov $'P', %al
	"\xee" + // out %al, %dx
	"\xbf\x00\x10\x00\x00" + // mov $0x1000, %edi
	"\xb9\x00\x28\x00\x00" + // mov $0x2800, %ecx
	"\x31\xc0" + // xor %eax, %eax
	"\xf3\xab" + // rep stosl
	"\xc7\x05\x00\x10\x00\x00\x07\x20\x00\x00" + // movl $0x2007, 0x1000
	"\xbf\x00\x20\x00\x00" + // mov $0x2000, %edi
	"\xb8\x07\x30\x00\x00" + // mov $0x3007, %eax
	"\xb9\x04\x00\x00\x00" + // mov $4, %ecx
	"\x89\x07" + // mov %eax, (%edi)
	"\x05\x00\x10\x00\x00" + // add $0x1000, %eax
	"\x83\xc7\x08" + // add $8, %edi
	"\xe2\xf4" + // loop 1b
	"\xbf\x00\x30\x00\x00" + // mov $0x3000, %edi
	"\xb8\x87\x00\x00\x00" + // mov $0x87, %eax
	"\xb9\x00\x08\x00\x00" + // mov $2048, %ecx
	"\x89\x07" + // mov %eax, (%edi)
	"\x05\x00\x00\x20\x00" + // add $0x200000, %eax
	"\x83\xc7\x08" + // add $8, %edi
	"\xe2\xf4" + // loop 2b
	"\xb8\x00\x10\x00\x00" + // mov $0x1000, %eax
	"\x0f\x22\xd8" + // mov %eax, %cr3
	"\x0f\x20\xe0" + // mov %cr4, %eax
	"\x83\xc8\x20" + // or $0x20, %eax
	"\x0f\x22\xe0" + // mov %eax, %cr4
	"\xb9\x80\x00\x00\xc0" + // mov $0xc0000080, %ecx
	"\x0f\x32" + // rdmsr
	"\x0d\x01\x01\x00\x00" + // or $0x101, %eax
	"\x0f\x30" + // wrmsr
	"\x0f\x20\xc0" + // mov %cr0, %eax
	"\x0d\x00\x00\x01\x80" + // or $0x80010000, %eax
	"\x0f\x22\xc0" + // mov %eax, %cr0
	"\xea\xb0\x00\xff\xff\x18\x00" + // ljmpl $0x18, $BASE+start64-start16
	"\xb8\x20\x00\x00\x00" + // mov $0x20, %eax
	"\x8e\xd8" + // mov %eax, %ds
	"\x8e\xc0" + // mov %eax, %es
	"\x8e\xd0" + // mov %eax, %ss
	"\xba\x02\x04\x00\x00" + // mov $0x402, %edx
	"\xb0\x4c" + // mov $'L', %al
	"\xee" + // out %al, %dx
	"\xb9\x80\xf0\xfa\x02" + // mov $50000000, %ecx
	"\xff\xc9" + // dec %ecx
	"\x75\xfc" + // jnz 5b
	"\xb0\x53" + // mov $'S', %al
	"\xee" + // out %al, %dx
	"\xc7\x04\x25\xe0\x90\x00\x00\xaf\x01\x18\x00" + // movl $0x180000 + fault-start16, 0x90e0
	"\xc7\x04\x25\xe4\x90\x00\x00\x00\x8e\xff\xff" + // movl $0xffff8e00, 0x90e4
	"\xc7\x04\x25\x00\x92\x00\x00\xc0\x01\x18\x00" + // movl $0x180000 + tick-start16, 0x9200
	"\xc7\x04\x25\x04\x92\x00\x00\x00\x8e\xff\xff" + // movl $0xffff8e00, 0x9204
	"\x66\xc7\x04\x25\x00\x8f\x00\x00\xff\x03" + // movw $0x3ff, 0x8f00
	"\xc7\x04\x25\x02\x8f\x00\x00\x00\x90\x00\x00" + // movl $0x9000, 0x8f02
	"\x0f\x01\x1c\x25\x00\x8f\x00\x00" + // lidt 0x8f00
	"\xc7\x04\x25\x00\x40\x00\x00\x00\x00\x00\x00" + // movl $0, 0x4000
	"\x0f\x01\x3c\x25\x00\x00\x00\x40" + // invlpg 0x40000000
	"\x8b\x04\x25\x00\x00\x00\x40" + // mov 0x40000000, %eax
	"\xb0\x46" + // mov $'F', %al
	"\xee" + // out %al, %dx
	"\x31\xdb" + // xor %ebx, %ebx
	"\xbe\x00\x00\xe0\xfe" + // mov $0xfee00000, %esi
	"\xc7\x86\xf0\x00\x00\x00\xff\x01\x00\x00" + // movl $0x1ff, 0xf0(%rsi)
	"\xc7\x86\xe0\x03\x00\x00\x0b\x00\x00\x00" + // movl $0xb, 0x3e0(%rsi)
	"\xc7\x86\x20\x03\x00\x00\x20\x00\x00\x00" + // movl $0x20, 0x320(%rsi)
	"\xc7\x86\x80\x03\x00\x00\x40\x42\x0f\x00" + // movl $1000000, 0x380(%rsi)
	"\xfb" + // sti
	"\xf4" + // hlt
	"\xfa" + // cli
	"\x85\xdb" + // test %ebx, %ebx
	"\x74\xf9" + // jz 3b
	"\xb0\x54" + // mov $'T', %al
	"\xee" + // out %al, %dx
	"\xb9\x81\x00\x00\xc0" + // mov $0xc0000081, %ecx
	"\x31\xc0" + // xor %eax, %eax
	"\xba\x18\x00\x20\x00" + // mov $0x00200018, %edx
	"\x0f\x30" + // wrmsr
	"\xff\xc1" + // inc %ecx
	"\xb8\x9e\x01\xff\xff" + // mov $BASE+call-start16, %eax
	"\x31\xd2" + // xor %edx, %edx
	"\x0f\x30" + // wrmsr
	"\xba\x02\x04\x00\x00" + // mov $0x402, %edx
	"\xb9\x9a\x01\xff\xff" + // mov $BASE+user-start16, %ecx
	"\x41\xbb\x02\x00\x00\x00" + // mov $2, %r11d
	"\x48\x0f\x07" + // sysretq
	"\x0f\x05" + // syscall
	"\x0f\x0b" + // ud2
	"\xb0\x55" + // mov $'U', %al
	"\xee" + // out %al, %dx
	"\xba\xf4\x00\x00\x00" + // mov $0xf4, %edx
	"\xb8\x10\x00\x00\x00" + // mov $0x10, %eax
	"\xef" + // out %eax, %dx
	"\xf4" + // hlt
	"\xeb\xfd" + // jmp 4b
	"\xc7\x04\x25\x00\x40\x00\x00\x87\x00\x00\x00" + // movl $0x87, 0x4000
	"\x48\x83\xc4\x08" + // add $8, %rsp
	"\x48\xcf" + // iretq
	"\xff\xc3" + // inc %ebx
	"\xc7\x86\xb0\x00\x00\x00\x00\x00\x00\x00" + // movl $0, 0xb0(%rsi)
	"\x48\xcf" + // iretq
	"\x66\x90" + // .balign 8
	"\x00\x00\x00\x00\x00\x00\x00\x00" + // .quad 0
	"\xff\xff\x00\x00\x00\x9b\xcf\x00" + // .quad 0x00cf9b000000ffff
	"\xff\xff\x00\x00\x00\x93\xcf\x00" + // .quad 0x00cf93000000ffff
	"\xff\xff\x00\x00\x00\x9b\xaf\x00" + // .quad 0x00af9b000000ffff
	"\xff\xff\x00\x00\x00\x93\xcf\x00" + // .quad 0x00cf93000000ffff
	"\xff\xff\x00\x00\x00\xf3\xcf\x00" + // .quad 0x00cff3000000ffff
	"\xff\xff\x00\x00\x00\xfb\xaf\x00" + // .quad 0x00affb000000ffff
	"\x37\x00" + // .word 55
	"\xd0\x01\xff\xff" // .long BASE+gdt-start16
