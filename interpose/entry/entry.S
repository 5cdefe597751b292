// The hall behind the doors. Every door ends here: switch to the task's shim stack, save all
// registers as a Frame (frame.hpp), call enter(), restore, go back. Touches no vector register,
// no byte of the target's stack (so neither its red zone nor a full 16 KiB stack), no TLS.
//
// The scratch words in detsim_cpu are safe because a process has one kernel thread and no
// asynchronous signal is ever delivered to it.

        .text
        .hidden detsim_cpu, detsim_enter
        .globl  detsim_entry_trap, detsim_entry_site, detsim_leave
        .hidden detsim_entry_trap, detsim_entry_site, detsim_leave
        .globl  detsim_on_task_stack, detsim_sigreturn
        .hidden detsim_on_task_stack, detsim_sigreturn

        .set USER_RSP, 0
        .set STACK_TOP, 8
        .set RESUME, 16
        .set JUMP, 24
        .set FRAME_BYTES, 160

        .type   detsim_entry_trap, @function
detsim_entry_trap:
        .cfi_startproc
        .cfi_signal_frame
        .cfi_undefined rip
        movq    $0, detsim_cpu+RESUME(%rip)
        jmp     0f
        .type   detsim_entry_site, @function
detsim_entry_site:
        mov     %r11, detsim_cpu+RESUME(%rip)
0:      mov     %rsp, detsim_cpu+USER_RSP(%rip)
        mov     detsim_cpu+STACK_TOP(%rip), %rsp
        push    detsim_cpu+RESUME(%rip)
        push    detsim_cpu+USER_RSP(%rip)
        pushfq
        cld
        push    %rcx                    // rip
        push    %rax                    // number
        push    %rdi
        push    %rsi
        push    %rdx
        push    %rcx
        push    %rax
        push    %r8
        push    %r9
        push    %r10
        push    %r11                    // becomes flags below, as the kernel leaves it
        push    %rbx
        push    %rbp
        push    %r12
        push    %r13
        push    %r14
        push    %r15
        // Frame complete; as the kernel does: rcx = rip (already), r11 = flags.
        mov     136(%rsp), %r11
        mov     %r11, 48(%rsp)
        .cfi_def_cfa rsp, 0
        .cfi_offset r15, 0
        .cfi_offset r14, 8
        .cfi_offset r13, 16
        .cfi_offset r12, 24
        .cfi_offset rbp, 32
        .cfi_offset rbx, 40
        .cfi_offset rip, 128
        .cfi_offset rsp, 144
        mov     %rsp, %rdi
        mov     %rsp, %rbp
        call    detsim_enter
        mov     %rsp, %rdi
        jmp     detsim_leave
        .cfi_endproc

        .type   detsim_leave, @function
detsim_leave:                           // rdi = Frame
        .cfi_startproc
        .cfi_undefined rip
        mov     152(%rdi), %rax         // resume
        test    %rax, %rax
        cmovz   128(%rdi), %rax         // else rip
        mov     %rax, detsim_cpu+JUMP(%rip)
        mov     %rdi, %rsp
        pop     %r15
        pop     %r14
        pop     %r13
        pop     %r12
        pop     %rbp
        pop     %rbx
        pop     %r11
        pop     %r10
        pop     %r9
        pop     %r8
        pop     %rax
        pop     %rcx
        pop     %rdx
        pop     %rsi
        pop     %rdi
        lea     16(%rsp), %rsp          // number, rip
        popfq
        .globl  detsim_leave_tail, detsim_leave_jump, detsim_leave_end
        .hidden detsim_leave_tail, detsim_leave_jump, detsim_leave_end
detsim_leave_tail:                      // trap.cpp: single steps go on through here
        mov     (%rsp), %rsp
detsim_leave_jump:
        jmp     *detsim_cpu+JUMP(%rip)
detsim_leave_end:
        .cfi_endproc

        // The symbols' door: an ordinary call. Leaves a Frame too (only what the calling
        // convention preserves means anything in it), so that reports can unwind the caller.
        .type   detsim_on_task_stack, @function
detsim_on_task_stack:                   // rdi = function, rsi, rdx = its arguments
        .cfi_startproc
        mov     detsim_cpu+STACK_TOP(%rip), %rax
        lea     -FRAME_BYTES(%rax), %rax
        mov     %r15, (%rax)
        mov     %r14, 8(%rax)
        mov     %r13, 16(%rax)
        mov     %r12, 24(%rax)
        mov     %rbp, 32(%rax)
        mov     %rbx, 40(%rax)
        mov     (%rsp), %rcx
        mov     %rcx, 128(%rax)
        lea     8(%rsp), %rcx
        mov     %rcx, 144(%rax)
        push    %rbp
        .cfi_def_cfa_offset 16
        .cfi_offset rbp, -16
        mov     %rsp, %rbp
        .cfi_def_cfa_register rbp
        mov     %rax, %rsp
        mov     %rdi, %rax
        mov     %rsi, %rdi
        mov     %rdx, %rsi
        call    *%rax
        mov     %rbp, %rsp
        pop     %rbp
        .cfi_def_cfa rsp, 8
        ret
        .cfi_endproc

        // A call that asks for nothing: pending signals are delivered on the way out. Vector
        // registers need not survive, since this is an ordinary function.
        .globl  detsim_null_call
        .hidden detsim_null_call
        .type   detsim_null_call, @function
detsim_null_call:
        .cfi_startproc
        movabs  $0x64657473696d0001, %rax       // kNullCall
        lea     1f(%rip), %rcx
        jmp     detsim_entry_trap
1:      ret
        .cfi_endproc

        // rdi = to, rsi = from, rdx = count: copies to or from the target's memory; returns how
        // many bytes could not be copied. A fault on the copy goes on behind it (trap.cpp).
        .globl  detsim_user_copy, detsim_user_copy_fault, detsim_user_copy_end
        .hidden detsim_user_copy, detsim_user_copy_fault, detsim_user_copy_end
        .type   detsim_user_copy, @function
detsim_user_copy:
        .cfi_startproc
        mov     %rdx, %rcx
detsim_user_copy_fault:
        rep movsb
detsim_user_copy_end:
        mov     %rcx, %rax
        ret
        .cfi_endproc

        // The restorer of the shim's own signal handlers: this return must come from the shim's
        // text, which is exempt from dispatch.
        .type   detsim_sigreturn, @function
detsim_sigreturn:
        mov     $15, %eax
        syscall

        // A kernel process that shares our memory. rdi = flags, rsi = its stack, rdx = its Process,
        // rcx = where clone puts a pidfd. Returns in the parent only.
        .globl  detsim_clone_shared
        .hidden detsim_clone_shared, detsim_shared_child
        .type   detsim_clone_shared, @function
detsim_clone_shared:
        push    %r12
        mov     %rdx, %r12
        mov     %rcx, %rdx
        xor     %r10d, %r10d
        xor     %r8d, %r8d
        mov     $56, %eax               // clone
        syscall
        test    %rax, %rax
        jz      1f
        pop     %r12
        ret
1:      mov     %r12, %rdi
        xor     %ebp, %ebp
        call    detsim_shared_child
        ud2

        // rdi = the next process's baton word, rsi = exit status: the last steps of a kernel
        // thread.
        // Once the baton is given nothing may touch the stack: a vfork child's belongs to its
        // parent, who may already run.
        .globl  detsim_give_baton_and_exit
        .hidden detsim_give_baton_and_exit
        .type   detsim_give_baton_and_exit, @function
detsim_give_baton_and_exit:
        mov     %rsi, %rbx
        movl    $1, (%rdi)
        mov     $1, %esi                // FUTEX_WAKE
        mov     $1, %edx
        mov     $202, %eax              // futex
        syscall
        mov     %rbx, %rdi
        mov     $231, %eax              // exit_group
        syscall
        ud2

        .section .note.GNU-stack,"",@progbits
