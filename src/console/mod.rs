//! Pages and HTTP interfaces.

pub mod hooks;
