//! The broker goes away, hangs, forgets the session or drops messages; the network goes dead.

#[path = "broker/abuse.rs"]
mod abuse;
#[path = "broker/away.rs"]
mod away;
#[path = "broker/gaps.rs"]
mod gaps;
#[path = "broker/scene.rs"]
mod scene;
