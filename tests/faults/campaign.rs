//! The service is killed at random and at every named crash point, again and again.
