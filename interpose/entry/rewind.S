// Going back to a place: what calls preserve is remembered there, and put back after memory, stacks
// included, has been.

        .text
        // rdi = Registers (rewind.cpp). Returns 0; and 1 when somebody went back.
        .globl  detsim_remember_place, detsim_go_back, detsim_run_on_stack
        .hidden detsim_remember_place, detsim_go_back, detsim_run_on_stack
        .type   detsim_remember_place, @function
detsim_remember_place:
        .cfi_startproc
        mov     %rbx, 0(%rdi)
        mov     %rbp, 8(%rdi)
        mov     %r12, 16(%rdi)
        mov     %r13, 24(%rdi)
        mov     %r14, 32(%rdi)
        mov     %r15, 40(%rdi)
        lea     8(%rsp), %rax
        mov     %rax, 48(%rdi)
        mov     (%rsp), %rax
        mov     %rax, 56(%rdi)
        xor     %eax, %eax
        ret
        .cfi_endproc

        // rdi = Registers. Does not return.
        .type   detsim_go_back, @function
detsim_go_back:
        mov     0(%rdi), %rbx
        mov     8(%rdi), %rbp
        mov     16(%rdi), %r12
        mov     24(%rdi), %r13
        mov     32(%rdi), %r14
        mov     40(%rdi), %r15
        mov     48(%rdi), %rsp
        mov     $1, %eax
        jmp     *56(%rdi)

        // rdi = top of a stack, rsi = a function that does not return.
        .type   detsim_run_on_stack, @function
detsim_run_on_stack:
        mov     %rdi, %rsp
        xor     %ebp, %ebp
        call    *%rsi
        ud2

        .section .note.GNU-stack,"",@progbits
