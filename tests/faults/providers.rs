//! Providers that fail, hang, lie or lose; and people who cannot be reached.
