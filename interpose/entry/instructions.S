// An instruction was answered in the fault handler and its task must let others run: registers are
// in detsim_fault_frame. As detsim_entry_fault, but nothing is delivered.

        .text
        .hidden detsim_cpu, detsim_enter_instruction, detsim_enter_spin
        .hidden detsim_fault_frame, detsim_leave
        .globl  detsim_entry_instruction, detsim_entry_spin
        .hidden detsim_entry_instruction, detsim_entry_spin

        .set STACK_TOP, 8
        .set FRAME_BYTES, 160

        .type   detsim_entry_instruction, @function
detsim_entry_instruction:
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
        call    detsim_enter_instruction
        mov     %rsp, %rdi
        jmp     detsim_leave
        .cfi_endproc

        // The same for a task that was found to spin.
        .type   detsim_entry_spin, @function
detsim_entry_spin:
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
        call    detsim_enter_spin
        mov     %rsp, %rdi
        jmp     detsim_leave
        .cfi_endproc
        .section .note.GNU-stack,"",@progbits
