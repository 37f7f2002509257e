//! Welsh: a draft, to be read by a native speaker before it is offered to anybody.

use super::phrases::Phrases;

pub(super) const PHRASES: Phrases = Phrases {
    calls: [
        "Defnyddiwch gynllun A nawr.",
        "Mae'n bryd dilyn cynllun A.",
        "Cynllun A nawr, os gwelwch yn dda.",
        "Ewch ymlaen gyda chynllun A nawr.",
    ],
    assurances: ["Rydym yn gweithredu.", "Rydym yn gwybod.", "Mae ein tim yn gweithredu."],
    all_clear: "Popeth fel arfer eto: cynlluniau A a B ar ben.",
    weak: "Mae ein llinell i lawr, felly dilynwch gynllun B nes i ni ysgrifennu eto.",
    test: "PRAWF fel y trefnwyd, does dim wedi digwydd.",
    reply: "Atebwch 1 iawn, 2 cymorth, 3 ffoniwch fi.",
    reply_to_be_called: "Atebwch 3 i gael galwad.",
    reply_to_test: "Atebwch 1 os gwelwch hyn.",
    press: "Pwyswch 1 am iawn, 2 am gymorth, 3 i gael galwad.",
    reference: "Cyf",
    spoken_reference: "Cyfeirnod",
    pushed: "Edrychwch ar eich negeseuon nawr.",
    greeting: "Helo. Mae neges i chi. I'w chlywed, pwyswch 9.",
    thanks: "Diolch. Mae hynny wedi ei nodi. Hwyl fawr.",
};
