"""Pure logic of a call: functions and one generator, without I/O, clock or randomness."""
