// The ways in from the fault handler, which left the registers in detsim_fault_frame: the same
// Frame is built from them on the task's shim stack, all registers as they were, and given to the
// function. entry.S is the hall that they share with the calls.

        .text
        .hidden detsim_cpu, detsim_fault_frame, detsim_leave

        .set STACK_TOP, 8
        .set FRAME_BYTES, 160

        .macro  way_in name, function
        .globl  \name
        .hidden \name, \function
        .type   \name, @function
\name:
        .cfi_startproc
        .cfi_undefined rip
        mov     detsim_cpu+STACK_TOP(%rip), %rsp
        sub     $FRAME_BYTES, %rsp
        cld
        mov     %rsp, %rdi
        lea     detsim_fault_frame(%rip), %rsi
        mov     $FRAME_BYTES/8, %ecx
        rep movsq
        mov     %rsp, %rdi
        mov     %rsp, %rbp
        call    \function
        mov     %rsp, %rdi
        jmp     detsim_leave
        .cfi_endproc
        .endm

        // A genuine fault: delivered as a signal.
        way_in  detsim_entry_fault, detsim_enter_fault
        // An instruction was answered in the handler, and its task must let others run.
        way_in  detsim_entry_instruction, detsim_enter_instruction
        // The same for a task that was found to spin.
        way_in  detsim_entry_spin, detsim_enter_spin

        .section .note.GNU-stack,"",@progbits
