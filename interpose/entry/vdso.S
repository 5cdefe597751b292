// Where the patched functions of the vDSO jump to. They are called in the ordinary way, on the
// caller's stack. The stores through the caller's pointers stand between two labels, so that a
// fault there is known to be the target's own, as it would be in the vDSO.

        .text
        .hidden detsim_clock_reading, detsim_resolution, detsim_virtual_cpu
        .globl  detsim_vdso_clock_gettime, detsim_vdso_gettimeofday, detsim_vdso_time
        .hidden detsim_vdso_clock_gettime, detsim_vdso_gettimeofday, detsim_vdso_time
        .globl  detsim_vdso_clock_getres, detsim_vdso_getcpu, detsim_vdso_getrandom
        .hidden detsim_vdso_clock_getres, detsim_vdso_getcpu, detsim_vdso_getrandom
        .globl  detsim_vdso_begin, detsim_vdso_end
        .hidden detsim_vdso_begin, detsim_vdso_end

        .set CLOCK_REALTIME, 0
        .set ENOSYS, 38

        // rdi = clock: rax = seconds, rdx = nanoseconds; or rdx = -1 and rax = -errno.
        .macro READ pointer
        push    \pointer
        .cfi_adjust_cfa_offset 8
        call    detsim_clock_reading
        pop     %rsi
        .cfi_adjust_cfa_offset -8
        test    %rdx, %rdx
        .endm

detsim_vdso_begin:
        .type   detsim_vdso_clock_gettime, @function
detsim_vdso_clock_gettime:              // int (clockid_t, struct timespec*)
        .cfi_startproc
        READ    %rsi
        js      1f
        mov     %rax, (%rsi)
        mov     %rdx, 8(%rsi)
        xor     %eax, %eax
1:      ret
        .cfi_endproc

        .type   detsim_vdso_gettimeofday, @function
detsim_vdso_gettimeofday:               // int (struct timeval*, struct timezone*)
        .cfi_startproc
        test    %rsi, %rsi
        jz      1f
        movq    $0, (%rsi)
1:      mov     %rdi, %rsi
        mov     $CLOCK_REALTIME, %edi
        READ    %rsi
        test    %rsi, %rsi
        jz      2f
        mov     %rax, (%rsi)
        mov     %rdx, %rax
        xor     %edx, %edx
        mov     $1000, %ecx
        div     %ecx
        mov     %rax, 8(%rsi)
2:      xor     %eax, %eax
        ret
        .cfi_endproc

        .type   detsim_vdso_time, @function
detsim_vdso_time:                       // time_t (time_t*)
        .cfi_startproc
        mov     %rdi, %rsi
        mov     $CLOCK_REALTIME, %edi
        READ    %rsi
        test    %rsi, %rsi
        jz      1f
        mov     %rax, (%rsi)
1:      ret
        .cfi_endproc

        .type   detsim_vdso_clock_getres, @function
detsim_vdso_clock_getres:               // int (clockid_t, struct timespec*)
        .cfi_startproc
        push    %rsi
        .cfi_adjust_cfa_offset 8
        call    detsim_resolution
        pop     %rsi
        .cfi_adjust_cfa_offset -8
        test    %rax, %rax
        js      1f
        test    %rsi, %rsi
        jz      2f
        movq    $0, (%rsi)
        mov     %rax, 8(%rsi)
2:      xor     %eax, %eax
1:      ret
        .cfi_endproc

        .type   detsim_vdso_getcpu, @function
detsim_vdso_getcpu:                     // int (unsigned* cpu, unsigned* node, void*)
        .cfi_startproc
        push    %rdi
        .cfi_adjust_cfa_offset 8
        push    %rsi
        .cfi_adjust_cfa_offset 8
        sub     $8, %rsp
        .cfi_adjust_cfa_offset 8
        call    detsim_virtual_cpu
        add     $8, %rsp
        .cfi_adjust_cfa_offset -8
        pop     %rsi
        .cfi_adjust_cfa_offset -8
        pop     %rdi
        .cfi_adjust_cfa_offset -8
        test    %rdi, %rdi
        jz      1f
        mov     %eax, (%rdi)
1:      test    %rsi, %rsi
        jz      2f
        movl    $0, (%rsi)
2:      xor     %eax, %eax
        ret
        .cfi_endproc

        // Random bytes made without a call cannot be modelled: libc uses the call instead.
        .type   detsim_vdso_getrandom, @function
detsim_vdso_getrandom:
        .cfi_startproc
        mov     $-ENOSYS, %rax
        ret
        .cfi_endproc
detsim_vdso_end:
        .section .note.GNU-stack,"",@progbits
