//! Messages that cannot be read, may not be sent, or crash the engine; disorder, doubles, changes in the middle.
