// Part of the decoder: what memory an instruction touches, from Zydis's operands.
#pragma once
#define ZYAN_NO_LIBC
#include <Zydis/DecoderTypes.h>

#include "interpose/entry/decoder.hpp"

namespace detsim {

/// See decode_accesses().
bool find_accesses(const ZydisDecodedInstruction& z, const ZydisDecodedOperand* operands,
                   Accesses& accesses);

}  // namespace detsim
