//! What Gets are filled with, on paused time.

use super::*;
use crate::ses::fake::set;
use crate::ses::read::memory::OLD;

fn page(identities: &[&str], next: Option<&str>) -> Option<ListPage> {
    Some(ListPage {
        identities: identities.iter().map(|&one| one.to_owned()).collect(),
        next: next.map(str::to_owned),
    })
}

/// Ten refreshes of identities that are nobody else's, and the first page.
fn fleet(listed: &[&str]) -> (ReadAhead, Memory) {
    let (mut ahead, mut memory) = (ReadAhead::default(), Memory::default());
    for number in 0..FLEET {
        assert_eq!(ahead.page(), None, "after {number} refreshes");
        let identity = format!("i{number}");
        memory.asked(&identity);
        ahead.asked(&identity, true);
    }
    assert_eq!(ahead.page(), Some(None));
    assert!(ahead.waits_for_list());
    ahead.listed(page(listed, None));
    (ahead, memory)
}

fn fill(ahead: &mut ReadAhead, room: usize) -> Vec<String> {
    ahead.fill(room, |_| false, &Memory::default(), Instant::now())
}

#[tokio::test(start_paused = true)]
async fn what_is_asked_for_or_under_way_is_not_read_ahead_beside() {
    let (mut ahead, mut memory) = fleet(&["a", "b", "c", "i3"]);
    let now = Instant::now();
    let filling = ahead.fill(100, |one| one == "a", &memory, now);
    assert_eq!(filling, ["b", "c"], "i3 was asked for already");
    for identity in filling {
        memory.remember(identity, Some(set("d.example.com")), now);
    }
    let filling = ahead.fill(100, |one| one == "b", &memory, now + OLD);
    assert_eq!(filling, ["c"]);
}

#[tokio::test(start_paused = true)]
async fn free_places_go_to_the_listed_first_and_then_to_what_grows_old() {
    let (mut ahead, mut memory) = fleet(&["a", "b", "c"]);
    let sent = Instant::now();
    assert_eq!(ahead.fill(2, |_| false, &memory, sent), ["a", "b"]);
    for identity in ["a", "b"] {
        memory.remember(identity.to_owned(), Some(set("d.example.com")), sent);
    }
    ahead.asked("b", false);
    memory.asked("b");
    let fill = ahead.fill(100, |_| false, &memory, sent + OLD);
    assert_eq!(fill, ["c", "a"], "b was asked for");
}

#[tokio::test(start_paused = true)]
async fn a_refresh_that_needs_a_second_get_begins_the_list() {
    let mut ahead = ReadAhead::default();
    ahead.asked("a", true);
    ahead.asked("b", true);
    assert_eq!(ahead.page(), None, "they fit into the first Get");
    fill(&mut ahead, 98);
    ahead.asked("a", false);
    assert_eq!(ahead.page(), None, "it is remembered");
    ahead.asked("c", true);
    assert_eq!(ahead.page(), Some(None));
}

#[tokio::test(start_paused = true)]
async fn what_was_read_ahead_is_told_on_once_the_list_has_proved_right() {
    let listed: Vec<String> = (0..PROOF + 2).map(|number| format!("c{number}")).collect();
    let listed: Vec<&str> = listed.iter().map(String::as_str).collect();
    let (mut ahead, mut memory) = fleet(&listed);
    let now = Instant::now();
    for identity in ahead.fill(100, |_| false, &memory, now) {
        let domain = format!("bounce.{identity}.example.com");
        ahead.answered(&identity);
        memory.remember(identity, Some(set(&domain)), now);
    }
    // Asked for twice, it proves no more than once.
    ahead.asked(listed[0], false);
    for identity in &listed[..PROOF] {
        assert_eq!(ahead.likely(&memory, now), []);
        ahead.asked(identity, false);
    }
    let rest: Vec<String> = listed[PROOF..]
        .iter()
        .map(|identity| format!("bounce.{identity}.example.com"))
        .collect();
    let likely = ahead.likely(&memory, now);
    let likely: Vec<String> = likely.iter().map(ToString::to_string).collect();
    assert_eq!(likely, rest);
    assert_eq!(ahead.likely(&memory, now), [], "each once");
}

#[tokio::test(start_paused = true)]
async fn the_next_page_is_listed_when_few_candidates_are_left() {
    let (mut ahead, _) = fleet(&[]);
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
    let (mut ahead, _) = fleet(&["a", "b", "c"]);
    assert_eq!(fill(&mut ahead, 2), ["a", "b"]);
    ahead.asked("b", false);
    for one in ["a", "b"] {
        ahead.put_back(one.to_owned());
    }
    assert_eq!(fill(&mut ahead, 1), ["a"], "b waits for a Get by itself");
    ahead.give_up();
    assert_eq!(fill(&mut ahead, 100), [""; 0]);
}
