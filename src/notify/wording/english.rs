//! English.

use super::phrases::Phrases;

pub(super) const PHRASES: Phrases = Phrases {
    calls: [
        "Please use plan A now.",
        "It is time for plan A, please.",
        "Plan A now, please.",
        "Please go ahead with plan A now.",
    ],
    assurances: ["We are on it.", "We know and are on it.", "Our team is on it."],
    all_clear: "All is as usual again, plans A and B are over.",
    weak: "Our line is down for now, so please go by plan B until we write again.",
    test: "TEST as booked, nothing has happened.",
    reply: "Reply 1 OK, 2 help, 3 call me.",
    reply_to_be_called: "Reply 3 to be called.",
    reply_to_test: "Reply 1 if you see this.",
    press: "Press 1 for OK, 2 for help, 3 to be called.",
    reference: "Ref",
    spoken_reference: "Reference",
    pushed: "Please look at your messages now.",
    greeting: "Hello. There is a message for you. To hear it, please press 9.",
    thanks: "Thank you. That has been noted. Goodbye.",
};
