// Vector state: the only code of the shim that may touch it, but for find_pair.S.
//
// A switch that a trapped or rewritten call leads to must keep every vector register. XSAVEC and
// XRSTOR take 92 ns together here; plain moves of what is in use (XGETBV with ecx = 1 tells) take
// a third of that, and cover what nearly every task has: SSE, AVX and AVX-512. Whatever else is
// in use (x87, PKRU, AMX) goes through XSAVEC. Components that were not in use are put back to
// their initial state and not merely zeroed, since dirty upper halves slow SSE code down.

        .set    SSE, 1 << 1
        .set    AVX, 1 << 2
        .set    OPMASK, 1 << 5
        .set    ZMM_HIGH, 1 << 6        // upper halves of zmm0-15
        .set    ZMM_16_31, 1 << 7
        .set    MOVED, SSE | AVX | OPMASK | ZMM_HIGH | ZMM_16_31

        // In a task's vector area: what was in use, or all ones when it went through XSAVEC.
        .set    IN_USE, 0
        .set    LOW, 64                 // xmm, ymm or zmm 0-15, 64 bytes each
        .set    HIGH, LOW + 16 * 64     // zmm16-31
        .set    MASKS, HIGH + 16 * 64   // k0-7
        .set    XSAVE_AREA, 4096

        .bss
        .globl  detsim_vector_mode
        .hidden detsim_vector_mode
        // 2: XGETBV tells what is in use, and there is XSAVEC; 1: XSAVEC only; 0: XSAVE only.
detsim_vector_mode:
        .zero   8

        .text
        .macro  low_registers instruction, register, load
        .altmacro
        .set    i, 0
        .rept   16
        low_register \instruction, \register, %i, \load
        .set    i, i + 1
        .endr
        .endm
        .macro  low_register instruction, register, number, load
        .if     \load
        \instruction LOW + 64 * \number(%rdi), %\register\number
        .else
        \instruction %\register\number, LOW + 64 * \number(%rdi)
        .endif
        .endm
        .macro  low_zeroes
        .altmacro
        .set    i, 0
        .rept   16
        low_zero %i
        .set    i, i + 1
        .endr
        .endm
        .macro  low_zero number
        xorps   %xmm\number, %xmm\number
        .endm
        .macro  high_registers load
        .altmacro
        .set    i, 16
        .rept   16
        high_register %i, \load
        .set    i, i + 1
        .endr
        .endm
        .macro  high_register number, load
        .if     \load
        vmovdqu64 HIGH + 64 * (\number - 16)(%rdi), %zmm\number
        .else
        vmovdqu64 %zmm\number, HIGH + 64 * (\number - 16)(%rdi)
        .endif
        .endm
        .macro  mask_registers load
        .altmacro
        .set    i, 0
        .rept   8
        mask_register %i, \load
        .set    i, i + 1
        .endr
        .endm
        .macro  mask_register number, load
        .if     \load
        kmovq   MASKS + 8 * \number(%rdi), %k\number
        .else
        kmovq   %k\number, MASKS + 8 * \number(%rdi)
        .endif
        .endm

        // rdi = a task's vector area, 64-byte aligned and zero at first.
        .globl  detsim_save_vectors, detsim_restore_vectors
        .hidden detsim_save_vectors, detsim_restore_vectors
        .type   detsim_save_vectors, @function
detsim_save_vectors:
        cmpq    $2, detsim_vector_mode(%rip)
        jne     4f
        mov     $1, %ecx
        xgetbv
        test    %edx, %edx
        jnz     4f
        test    $~MOVED, %eax
        jnz     4f
        mov     %rax, IN_USE(%rdi)
        test    $ZMM_HIGH, %al
        jz      1f
        low_registers vmovdqu64, zmm, 0
        jmp     3f
1:      test    $AVX, %al
        jz      2f
        low_registers vmovups, ymm, 0
        jmp     3f
2:      test    $SSE, %al
        jz      3f
        low_registers movups, xmm, 0
3:      test    $ZMM_16_31, %al
        jz      1f
        high_registers 0
1:      test    $OPMASK, %al
        jz      1f
        mask_registers 0
1:      ret
4:      movq    $-1, IN_USE(%rdi)
        mov     $-1, %eax
        mov     $-1, %edx
        cmpq    $0, detsim_vector_mode(%rip)
        je      5f
        xsavec64 XSAVE_AREA(%rdi)
        ret
5:      xsave64 XSAVE_AREA(%rdi)
        ret

        .type   detsim_restore_vectors, @function
detsim_restore_vectors:
        mov     IN_USE(%rdi), %rsi
        cmp     $-1, %rsi
        je      4f
        // Whatever is in use now but was not then goes back to its initial state.
        mov     $1, %ecx
        xgetbv
        mov     %esi, %r8d
        not     %r8d
        and     %r8d, %eax
        test    $~(SSE | AVX | ZMM_HIGH), %eax
        jz      1f
        andl    $~(SSE | AVX | ZMM_HIGH), %eax
        lea     detsim_initial_vectors(%rip), %r9
        xrstor64 (%r9)
1:      test    $ZMM_HIGH, %sil
        jz      1f
        low_registers vmovdqu64, zmm, 1
        jmp     3f
1:      test    $AVX, %sil
        jz      2f
        low_registers vmovups, ymm, 1
        jmp     3f
2:      test    $(AVX | ZMM_HIGH), %al
        jz      1f
        vzeroupper
1:      test    $SSE, %sil
        jz      1f
        low_registers movups, xmm, 1
        jmp     3f
1:      low_zeroes
3:      test    $ZMM_16_31, %sil
        jz      1f
        high_registers 1
1:      test    $OPMASK, %sil
        jz      1f
        mask_registers 1
1:      ret
4:      mov     $-1, %eax
        mov     $-1, %edx
        xrstor64 XSAVE_AREA(%rdi)
        ret

        // Signal frames hold the standard format. rdi = 64-byte aligned area, rsi = components.
        .globl  detsim_save_signal_vectors, detsim_load_signal_vectors
        .hidden detsim_save_signal_vectors, detsim_load_signal_vectors
        .type   detsim_save_signal_vectors, @function
detsim_save_signal_vectors:
        mov     %esi, %eax
        mov     %rsi, %rdx
        shr     $32, %rdx
        xsave64 (%rdi)
        ret
        .type   detsim_load_signal_vectors, @function
detsim_load_signal_vectors:
        mov     %esi, %eax
        mov     %rsi, %rdx
        shr     $32, %rdx
        xrstor64 (%rdi)
        ret

        // An XSAVE image in which no component is in use; MXCSR and the x87 control word are not
        // restored from it, because their components are never asked for.
        .section .rodata
        .balign 64
detsim_initial_vectors:
        .zero   1024
        .section .note.GNU-stack,"",@progbits
