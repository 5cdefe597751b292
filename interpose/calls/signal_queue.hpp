// Queues of pending signals: a set of numbers, and behind it the infos in order of arrival. A
// standard signal is kept once, a real-time signal as often as it was sent (signal(7)).
#pragma once
#include "scheduler/world.hpp"

namespace detsim {

/// False when there is no room for another info: the signal is pending all the same.
bool enqueue(SignalQueue& queue, const SignalInfo& info);
/// Takes the first entry of a number; its bit stays while another one is queued.
SignalInfo dequeue(SignalQueue& queue, int number);
/// Forgets what is queued of a set of numbers.
void drop(SignalQueue& queue, std::uint64_t numbers);
/// How many infos are queued in the whole run.
std::uint32_t queued_signals();

}  // namespace detsim
