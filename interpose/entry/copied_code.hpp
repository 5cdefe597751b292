// Code in the page tables of a parked process, so that its copies need not fault for it. What the
// target can see is the same with and without.
//
// A page that is there costs every copy some time, whether it uses it or not: so only those are
// taken in that copies have come to.
#pragma once

namespace detsim {

/// In a process that is about to park for the first time: what its page tables have of its code,
/// those of its copies will have.
void make_code_copied();

/// In a copy that ends: notes what code it came to that its original has no pages of.
void note_code_used();

/// In the parked process: takes in what copies noted.
void take_in_noted_code();

}  // namespace detsim
