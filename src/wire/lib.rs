#![no_std]
//! Messages between a tag and Cordon.
extern crate alloc;
