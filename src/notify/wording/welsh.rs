//! Welsh: a draft, to be read by a native speaker before it is offered to anybody.

use super::{
    pages::{Answer, Enrol, Own, Pages},
    phrases::Phrases,
};

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
    pushed: [
        "Edrychwch ar eich negeseuon nawr.",
        "Neges newydd, pan fydd gennych funud.",
        "Dim i'w wneud: popeth fel arfer.",
        "PRAWF fel y trefnwyd. Tapiwch i ddweud eich bod yn gweld hyn.",
    ],
    greeting: "Helo. Mae neges i chi. I'w chlywed, pwyswch 9.",
    thanks: "Diolch. Mae hynny wedi ei nodi. Hwyl fawr.",
};

pub(super) const PAGES: Pages = Pages {
    name: "Negeseuon",
    exit: "Gadael y dudalen hon",
    nothing: "Does dim byd yma. Gallwch gau'r dudalen hon.",
    enrol: Enrol {
        heading: "Negeseuon ar y ddyfais hon",
        lead: "Os cytunwch, gall y ddyfais hon ddangos neges fer i chi hyd yn oed pan nad oes tudalen ar agor.",
        points: [
            "Rhif ac un llinell yw neges. Nid yw'n enwi neb, nac unrhyw le.",
            "Mae un sy'n bwysig nawr yn aros nes i chi ei thapio. Mae prawf yn dweud PRAWF.",
            "Mae ei thapio yn agor tudalen lle rydych yn ateb gydag un o dri botwm.",
            "Mae negeseuon testun a galwadau yn eich cyrraedd fel o'r blaen. Daw hyn gyda nhw.",
        ],
        stop: "Gall pwy bynnag sy'n codi'r ddyfais hon weld bod neges. Gallwch stopio unrhyw bryd: diffoddwch hysbysiadau'r dudalen hon yn eich porwr, neu dywedwch wrth bwy bynnag a roddodd y ddolen hon i chi.",
        agree: "Rwy'n cytuno: dangoswch negeseuon yma",
        working: "Un eiliad…",
        done: "Wedi'i wneud. Mae'r ddyfais hon yn dangos negeseuon o hyn ymlaen. Gallwch gau'r dudalen hon.",
        denied: "Mae eich porwr wedi'i osod i beidio â dangos dim o'r dudalen hon. Caniatewch hysbysiadau iddi yng ngosodiadau'r porwr, yna pwyswch y botwm eto.",
        unable: "Ni all y porwr hwn ddangos negeseuon. Ar iPhone neu iPad, ychwanegwch y dudalen hon at y Sgrin Gartref a'i hagor oddi yno. Mae negeseuon testun a galwadau yn eich cyrraedd hebddo.",
        failed: "Ni weithiodd, ac nid oes dim wedi newid: mae negeseuon testun a galwadau yn eich cyrraedd fel o'r blaen. Rhowch gynnig arall arni nes ymlaen, neu dywedwch wrth bwy bynnag a roddodd y ddolen hon i chi.",
        used: "Mae'r ddolen hon wedi'i defnyddio, neu'n rhy hen. Gofynnwch am un arall.",
        no_script: "Mae angen sgriptiau ar gyfer hyn, ac maent wedi'u diffodd yn y porwr hwn.",
    },
    answer: Answer {
        choose: "Eich ateb",
        person: ["Rwy'n iawn", "Mae angen help arnaf", "Ffoniwch fi"],
        seen: "Rwy'n gweld hyn",
        staff: ["Fi", "Wedi gweithredu"],
        sent: ["Rwy'n mynd", "Alla i ddim mynd"],
        write: "Neu ysgrifennwch eich ateb",
        send: "Anfon",
        too_long: "Pwyswch fotwm, neu ysgrifennwch 1 i 200 nod.",
        noted: "Diolch. Mae hynny wedi ei nodi.",
        helped: "Rydym yn gwybod bod angen help arnoch ac yn gweithredu. Os ydych mewn perygl, ffoniwch 999.",
        over: "Mae hyn ar ben; does dim mwy i'w ateb.",
        unsure: "Ni allwn fod yn siwr bod hyn wedi ein cyrraedd. Atebwch y neges destun neu'r alwad yn lle hynny. Os ydych mewn perygl, ffoniwch 999.",
    },
    own: Own {
        lead: "Pwyswch fotwm unrhyw bryd; bydd rhywun yn edrych arno ar unwaith. Os ydych mewn perygl, ffoniwch 999.",
        again: "Edrych eto",
    },
};
