//! The broker goes away, hangs, forgets the session or drops messages; the network goes dead.
