//! What Cordon decides by, apart from everything that runs: whoever doubts a decision reads this and nothing else.
//!
//! It is told what happened and when. There is no clock, no chance, no file and no network in here, nor in any library
//! that it uses. `cordon` shows these modules as its own floors 0 to 2.

pub mod geometry;

pub mod domain;

pub mod engine;
