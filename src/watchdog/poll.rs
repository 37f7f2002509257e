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

#[cfg(test)]
mod tests {
    use axum::{
        Router,
        extract::Path,
        http::{HeaderMap, StatusCode},
        response::{IntoResponse, Response},
        routing::get,
    };
    use tokio::net::TcpListener;

    use super::*;
    use crate::sandbox::phones::testing;

    async fn answer(Path(how): Path<String>, headers: HeaderMap) -> Response {
        let ages = crate::vitals::Vitals::new(0).ages(5_000_000, 1_780_000_000_000, true);
        let text = serde_json::to_string(&ages).unwrap();
        match how.as_str() {
            "well" if headers["authorization"] == "Bearer hunter2" => text.into_response(),
            "well" => StatusCode::UNAUTHORIZED.into_response(),
            "ill" => (StatusCode::SERVICE_UNAVAILABLE, text).into_response(),
            "long" => format!("{text}{}", " ".repeat(ANSWER_BYTES_MAX)).into_response(),
            "other" => r#"{"status":"ok"}"#.into_response(),
            _ => std::future::pending().await,
        }
    }

    #[tokio::test]
    async fn an_answer_is_ages_in_time_from_whoever_knows_the_token() {
        let client = testing::client();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let routes = Router::new().route("/{how}", get(answer));
        tokio::spawn(async move { axum::serve(listener, routes).await });
        let poll = |how: &str, token: &str| Poll {
            client: client.clone(),
            url: format!("{url}/{how}").parse().unwrap(),
            token: Secret::new(token),
            patience: Duration::from_millis(500),
        };
        let clock = Clock::real();
        let seen = poll("well", "hunter2").ask(&clock).await;
        let Observation::Answered { ages, our_wall_ms } = seen else { panic!("{seen:?}") };
        assert_eq!((ages.turn_s, ages.wall_ms), (5.0, 1_780_000_000_000));
        assert!((clock.wall().as_ms() - our_wall_ms).abs() < 5_000);
        for (how, token) in [
            ("well", "hunter3"),
            ("ill", "hunter2"),
            ("long", "hunter2"),
            ("other", "hunter2"),
            ("never", "hunter2"),
        ] {
            assert_eq!(poll(how, token).ask(&clock).await, Observation::Unanswered, "{how}");
        }
        let gone = Poll { url: "http://127.0.0.1:9/".parse().unwrap(), ..poll("well", "hunter2") };
        assert_eq!(gone.ask(&clock).await, Observation::Unanswered);
    }
}
