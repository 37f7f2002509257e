//! English.

use super::{
    pages::{Answer, Enrol, Own, Pages},
    phrases::Phrases,
};

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
    pushed: [
        "Please look at your messages now.",
        "A new message, when you have a moment.",
        "Nothing to do: all is as usual.",
        "TEST as booked. Tap to say that you see this.",
    ],
    greeting: "Hello. There is a message for you. To hear it, please press 9.",
    thanks: "Thank you. That has been noted. Goodbye.",
};

pub(super) const PAGES: Pages = Pages {
    name: "Messages",
    exit: "Exit this page",
    nothing: "There is nothing here. You can close this page.",
    enrol: Enrol {
        heading: "Messages on this device",
        lead: "If you agree, this device can show you a short message even when no page is open.",
        points: [
            "A message is a number and one line. It names nobody, and no place.",
            "One that matters now stays until you tap it. A test says TEST.",
            "Tapping it opens a page where you answer with one of three buttons.",
            "Texts and calls reach you as before. This comes beside them.",
        ],
        stop: "Whoever picks this device up can see that there is a message. You can stop at any time: switch notifications off for this page in your browser, or tell whoever gave you this link.",
        agree: "I agree: show messages here",
        working: "One moment…",
        done: "Done. This device shows messages from now on. You can close this page.",
        denied: "Your browser is set to show nothing from this page. Allow notifications for it in the browser's settings, then press the button again.",
        unable: "This browser cannot show messages. On an iPhone or iPad, add this page to the Home Screen and open it from there. Texts and calls reach you without it.",
        failed: "It did not work, and nothing has changed: texts and calls reach you as before. Try again later, or tell whoever gave you this link.",
        used: "This link has been used, or is too old. Ask whoever gave it to you for another.",
        no_script: "This needs scripts, which are switched off in this browser.",
    },
    answer: Answer {
        choose: "Your answer",
        person: ["I am OK", "I need help", "Call me"],
        seen: "I see this",
        staff: ["Mine", "Acted"],
        sent: ["I go", "I cannot go"],
        write: "Or write your answer",
        send: "Send",
        too_long: "Please press a button, or write 1 to 200 characters.",
        noted: "Thank you. That has been noted.",
        helped: "We know that you need help and are on it. If you are in danger, call 999.",
        over: "This is over; there is nothing more to answer.",
        unsure: "We cannot be sure that this reached us. Answer the text or the call instead. If you are in danger, call 999.",
    },
    own: Own {
        lead: "Press a button at any time; somebody looks at it at once. If you are in danger, call 999.",
        again: "Look again",
    },
};
