//! Accounts and audit on a real database.

mod accounts;
mod audit;
mod drafts;
mod erasures;
mod holds;
mod proposals;
mod tokens;
