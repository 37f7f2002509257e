//! Asks the service how it is.

use std::time::Duration;

use reqwest::{Client, Url};

use super::watch::Observation;
use crate::{clock::Clock, secret::Secret, vitals::Ages};

/// An answer is no longer, bytes.
const ANSWER_BYTES_MAX: usize = 4 * 1024;

/// Where and as whom to ask.
#[derive(Debug)]
pub(super) struct Poll {
    pub(super) client: Client,
    pub(super) url: Url,
    pub(super) token: Secret,
    /// An answer must have come by then.
    pub(super) patience: Duration,
}

impl Poll {
    /// Asks once.
    pub(super) async fn ask(&self, clock: &Clock) -> Observation {
        let asked_ms = clock.wall().as_ms();
        match self.answer().await {
            Ok(ages) => {
                let answered_ms = clock.wall().as_ms();
                Observation::Answered { ages, our_wall_ms: asked_ms + (answered_ms - asked_ms) / 2 }
            }
            Err(why) => {
                tracing::warn!(why, "the service does not answer");
                Observation::Unanswered
            }
        }
    }

    async fn answer(&self) -> Result<Ages, &'static str> {
        let request = self.client.get(self.url.clone()).bearer_auth(self.token.expose());
        // For all of the answer, not only for its head.
        let mut answer = request
            .timeout(self.patience)
            .send()
            .await
            .map_err(|error| if error.is_timeout() { "in time" } else { "at all" })?;
        if !answer.status().is_success() {
            return Err(if answer.status().as_u16() == 401 { "this token" } else { "with success" });
        }
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(|_| "in time")? {
            if body.len() + chunk.len() > ANSWER_BYTES_MAX {
                return Err("briefly");
            }
            body.extend_from_slice(&chunk);
        }
        serde_json::from_slice(&body).map_err(|_| "in a way that is understood")
    }
}
