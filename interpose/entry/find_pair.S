// const unsigned char* detsim_find_pair(const unsigned char* at, const unsigned char* end):
// the first place where 0f is followed by c7, or end. Every program starts with a search through
// its libraries, more than a megabyte, so it is done 32 bytes at a time. The registers that it
// uses are the target's and are put back; see the law in vectors.S.

        .text
        .globl  detsim_find_pair
        .hidden detsim_find_pair
        .type   detsim_find_pair, @function
detsim_find_pair:
        sub     $96, %rsp
        movups  %xmm0, (%rsp)
        movups  %xmm1, 16(%rsp)
        movups  %xmm2, 32(%rsp)
        movups  %xmm3, 48(%rsp)
        movups  %xmm4, 64(%rsp)
        movups  %xmm5, 80(%rsp)
        mov     $0x0f0f0f0f, %eax
        movd    %eax, %xmm4
        pshufd  $0, %xmm4, %xmm4
        mov     $0xc7c7c7c7, %eax
        movd    %eax, %xmm5
        pshufd  $0, %xmm5, %xmm5
1:      lea     33(%rdi), %rax
        cmp     %rsi, %rax
        ja      3f
        movdqu  (%rdi), %xmm0
        movdqu  1(%rdi), %xmm1
        movdqu  16(%rdi), %xmm2
        movdqu  17(%rdi), %xmm3
        pcmpeqb %xmm4, %xmm0
        pcmpeqb %xmm5, %xmm1
        pcmpeqb %xmm4, %xmm2
        pcmpeqb %xmm5, %xmm3
        pand    %xmm1, %xmm0
        pand    %xmm3, %xmm2
        movdqa  %xmm0, %xmm1
        por     %xmm2, %xmm1
        pmovmskb %xmm1, %eax
        test    %eax, %eax
        jnz     2f
        add     $32, %rdi
        jmp     1b
        // Which of the 32 it is: the first half's bits below the second's.
2:      pmovmskb %xmm0, %eax
        pmovmskb %xmm2, %edx
        shl     $16, %edx
        or      %edx, %eax
        bsf     %eax, %eax
        add     %rdi, %rax
        jmp     5f
3:      lea     1(%rdi), %rax
        cmp     %rsi, %rax
        jae     4f
        cmpw    $0xc70f, (%rdi)
        mov     %rdi, %rax
        je      5f
        inc     %rdi
        jmp     3b
4:      mov     %rsi, %rax
5:      movups  (%rsp), %xmm0
        movups  16(%rsp), %xmm1
        movups  32(%rsp), %xmm2
        movups  48(%rsp), %xmm3
        movups  64(%rsp), %xmm4
        movups  80(%rsp), %xmm5
        add     $96, %rsp
        ret
        .section .note.GNU-stack,"",@progbits
