//! What somebody has begun to write stays theirs, and does not stay for ever.

use crate::{
    access::{Access, DRAFT_DAYS, Draft},
    domain::{StaffId, Timestamp},
};

const AT: Timestamp = Timestamp::from_ms(1_772_330_047_000);

fn id(text: &str) -> StaffId {
    text.parse().unwrap()
}

fn draft(subject: &str, name: &str, days: i64) -> Draft {
    Draft {
        subject: subject.into(),
        base: 3,
        fields: vec![("name".into(), name.into())],
        saved_at: AT.plus_ms(days * 86_400_000),
    }
}

#[tokio::test]
async fn a_draft_is_its_authors_and_the_last_one_counts() {
    let access = Access::in_memory().await.unwrap();
    let (amy, ben) = (id("amy"), id("ben"));
    access.keep_draft(&amy, &draft("wearer:w-1", "Robin", 0)).await.unwrap();
    let newer = draft("wearer:w-1", "Robin Vale", 1);
    access.keep_draft(&amy, &newer).await.unwrap();
    assert_eq!(access.draft(&amy, "wearer:w-1").await.unwrap(), Some(newer));
    assert_eq!(access.draft(&ben, "wearer:w-1").await.unwrap(), None);
    access.drop_draft(&ben, "wearer:w-1").await.unwrap();
    assert_eq!(access.drafts(&amy).await.unwrap().len(), 1);
    access.drop_draft(&amy, "wearer:w-1").await.unwrap();
    assert_eq!(access.drafts(&amy).await.unwrap(), []);
}

#[tokio::test]
async fn what_nobody_touches_goes_and_nobody_keeps_more_than_a_hundred() {
    let access = Access::in_memory().await.unwrap();
    let (amy, ben) = (id("amy"), id("ben"));
    access.keep_draft(&ben, &draft("case:c-1", "old", 0)).await.unwrap();
    for n in 0..101 {
        access.keep_draft(&amy, &draft(&format!("person:p-{n}"), "new", 1)).await.unwrap();
    }
    assert_eq!(access.drafts(&amy).await.unwrap().len(), 100);
    assert_eq!(access.drafts(&ben).await.unwrap().len(), 1);
    access.keep_draft(&amy, &draft("person:p-1", "newer", DRAFT_DAYS + 1)).await.unwrap();
    assert_eq!(access.drafts(&ben).await.unwrap(), []);
}
