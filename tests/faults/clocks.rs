//! Clocks that are wrong, stand still, jump or roll over: of tags and of this machine.
