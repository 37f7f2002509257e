//! The disk is full, slow, or fails one call; and what a power cut leaves behind.
