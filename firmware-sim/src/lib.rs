//! A tag in software.
