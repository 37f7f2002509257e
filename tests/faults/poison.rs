//! Messages that cannot be read, may not be sent, or crash the engine; disorder, doubles, changes in the middle.

#[path = "poison/corpus.rs"]
mod corpus;
#[path = "poison/crashes.rs"]
mod crashes;
#[path = "poison/edits.rs"]
mod edits;
#[path = "poison/fuzz.rs"]
mod fuzz;
#[path = "poison/order.rs"]
mod order;
#[path = "poison/steps.rs"]
mod steps;
#[path = "poison/through_the_line.rs"]
mod through_the_line;
