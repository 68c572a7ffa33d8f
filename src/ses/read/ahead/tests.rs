//! What Gets are filled with, on paused time.

use super::*;
use crate::ses::fake::set;

fn page(identities: &[&str], next: Option<&str>) -> Option<ListPage> {
    Some(ListPage {
        identities: identities.iter().map(|&one| one.to_owned()).collect(),
        next: next.map(str::to_owned),
    })
}

/// Ten refreshes of identities that are nobody else's, and the first page.
fn fleet(listed: &[&str]) -> ReadAhead {
    let mut ahead = ReadAhead::default();
    for number in 0..FLEET {
        assert_eq!(ahead.page(), None, "after {number} refreshes");
        ahead.refresh(&format!("i{number}"), Instant::now());
    }
    assert_eq!(ahead.page(), Some(None));
    assert!(ahead.waits_for_list());
    ahead.listed(page(listed, None));
    ahead
}

fn fill(ahead: &mut ReadAhead, room: usize) -> Vec<String> {
    ahead.fill(room, &HashSet::new(), Instant::now())
}

#[tokio::test(start_paused = true)]
async fn what_is_asked_for_is_not_read_ahead_beside() {
    let mut ahead = fleet(&["a", "b", "c"]);
    let now = Instant::now();
    assert_eq!(ahead.fill(100, &HashSet::from(["a"]), now), ["b", "c"]);
    ahead.hold("b".to_owned(), Some(set("d")), now);
    ahead.hold("c".to_owned(), Some(set("d")), now);
    assert_eq!(ahead.fill(100, &HashSet::from(["b"]), now + OLD), ["c"]);
}

#[tokio::test(start_paused = true)]
async fn what_is_held_is_used_once() {
    let mut ahead = fleet(&["a", "i3", "b"]);
    assert_eq!(
        fill(&mut ahead, 100),
        ["a", "b"],
        "i3 was asked for already"
    );
    assert_eq!(fill(&mut ahead, 100), [""; 0]);
    let now = Instant::now();
    assert_eq!(ahead.refresh("a", now), Refresh::UnderWay);
    ahead.hold("a".to_owned(), Some(set("d")), now);
    assert_eq!(ahead.refresh("a", now), Refresh::Held(set("d")));
    assert_eq!(ahead.refresh("a", now), Refresh::Ask);
}

#[tokio::test(start_paused = true)]
async fn what_is_held_grows_old() {
    let mut ahead = fleet(&["a", "b"]);
    fill(&mut ahead, 100);
    let sent = Instant::now();
    ahead.hold("a".to_owned(), Some(set("d")), sent);
    ahead.hold("b".to_owned(), Some(set("d")), sent);
    assert_eq!(ahead.refresh("a", sent + FRESH), Refresh::Held(set("d")));
    let later = sent + FRESH + Duration::from_millis(1);
    assert_eq!(ahead.refresh("b", later), Refresh::Ask);
}

#[tokio::test(start_paused = true)]
async fn nothing_is_held_of_what_a_set_may_have_changed() {
    let mut ahead = fleet(&["a", "b"]);
    fill(&mut ahead, 100);
    let sent = Instant::now();
    ahead.changed("a", sent + Duration::from_secs(1));
    ahead.hold("a".to_owned(), Some(set("old")), sent);
    assert_eq!(ahead.refresh("a", sent), Refresh::Ask);
    ahead.hold("b".to_owned(), Some(set("old")), sent);
    ahead.changed("b", sent + Duration::from_secs(1));
    assert_eq!(ahead.refresh("b", sent), Refresh::Ask);
}

#[tokio::test(start_paused = true)]
async fn what_ses_left_out_is_asked_for() {
    let mut ahead = fleet(&["a"]);
    fill(&mut ahead, 100);
    ahead.hold("a".to_owned(), None, Instant::now());
    assert_eq!(ahead.refresh("a", Instant::now()), Refresh::Ask);
}

#[tokio::test(start_paused = true)]
async fn what_is_held_and_grows_old_is_read_again_in_free_places() {
    let mut ahead = fleet(&["a", "b", "c"]);
    fill(&mut ahead, 100);
    let sent = Instant::now();
    for identity in ["a", "b", "c"] {
        ahead.hold(identity.to_owned(), Some(set("old")), sent);
    }
    assert_eq!(ahead.fill(100, &HashSet::new(), sent + OLD / 2), [""; 0]);
    assert_eq!(
        ahead.refresh("c", sent + OLD / 2),
        Refresh::Held(set("old"))
    );
    let again = sent + OLD;
    assert_eq!(
        ahead.fill(100, &HashSet::new(), again),
        ["a", "b"],
        "c was asked for"
    );
    assert_eq!(
        ahead.fill(100, &HashSet::new(), again),
        [""; 0],
        "they are under way"
    );
    // What is held is as good as before meanwhile.
    assert_eq!(ahead.refresh("a", again), Refresh::Held(set("old")));
    ahead.hold("a".to_owned(), Some(set("new")), again);
    assert_eq!(ahead.refresh("a", again), Refresh::Ask, "used once");
    ahead.put_back("b".to_owned());
    assert_eq!(
        ahead.fill(100, &HashSet::new(), again),
        ["b"],
        "that Get failed"
    );
    ahead.hold("b".to_owned(), Some(set("new")), again);
    let late = again + FRESH;
    assert_eq!(ahead.refresh("b", late), Refresh::Held(set("new")));
}

#[tokio::test(start_paused = true)]
async fn what_has_gone_meanwhile_is_not_held_any_more() {
    let mut ahead = fleet(&["a"]);
    fill(&mut ahead, 100);
    let sent = Instant::now();
    ahead.hold("a".to_owned(), Some(set("old")), sent);
    ahead.fill(100, &HashSet::new(), sent + OLD);
    ahead.hold("a".to_owned(), None, sent + OLD);
    assert_eq!(ahead.refresh("a", sent + OLD), Refresh::Ask);
}

#[tokio::test(start_paused = true)]
async fn what_is_held_is_told_on_once_the_list_has_proved_right() {
    let listed: Vec<String> = (0..PROOF + 2).map(|number| format!("c{number}")).collect();
    let listed: Vec<&str> = listed.iter().map(String::as_str).collect();
    let mut ahead = fleet(&listed);
    let now = Instant::now();
    for identity in ahead.fill(100, &HashSet::new(), now) {
        ahead.hold(
            identity.clone(),
            Some(set(&format!("bounce.{identity}"))),
            now,
        );
    }
    for identity in &listed[..PROOF] {
        assert_eq!(ahead.likely(), [""; 0]);
        ahead.refresh(identity, now);
    }
    let rest: Vec<String> = listed[PROOF..]
        .iter()
        .map(|identity| format!("bounce.{identity}"))
        .collect();
    assert_eq!(ahead.likely(), rest);
    assert_eq!(ahead.likely(), [""; 0], "each once");
}

#[tokio::test(start_paused = true)]
async fn the_next_page_is_listed_when_few_candidates_are_left() {
    let mut ahead = fleet(&[]);
    ahead.listing = Listing::UnderWay;
    let many: Vec<String> = (0..FEW + 99).map(|number| format!("c{number}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    ahead.listed(page(&many, Some("token")));
    assert_eq!(ahead.page(), None);
    assert_eq!(fill(&mut ahead, 100).len(), 100);
    assert_eq!(ahead.page(), Some(Some("token".to_owned())));
    assert_eq!(ahead.page(), None, "it is under way");
    assert!(!ahead.waits_for_list(), "there are candidates left");
    ahead.listed(None);
    assert_eq!(ahead.page(), None);
}

#[tokio::test(start_paused = true)]
async fn a_failed_get_leaves_its_candidates_for_the_next() {
    let mut ahead = fleet(&["a", "b"]);
    for one in fill(&mut ahead, 1) {
        ahead.put_back(one);
    }
    assert_eq!(fill(&mut ahead, 100), ["a", "b"]);
    ahead.give_up();
    assert_eq!(ahead.refresh("a", Instant::now()), Refresh::Ask);
}
