use tokio::time::sleep;

use super::*;
use crate::ses::fake::refused;

fn limiter() -> OperationLimiter {
    RateLimiter::new(1.0, SharedSchedule::of_process())
        .operation(Operation::SetIdentityMailFromDomain)
}

fn seconds(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 100.0).round() / 100.0
}

#[tokio::test(start_paused = true)]
async fn turns_come_in_order_and_a_second_apart() {
    let limiter = limiter();
    let start = Instant::now();
    let mut callers = Vec::new();
    for caller in 0..4 {
        let limiter = limiter.clone();
        callers.push(tokio::spawn(async move {
            // Queue in the order of the numbers.
            sleep(Duration::from_millis(caller)).await;
            let permit = limiter.permit().await;
            permit.sent();
            seconds(start.elapsed())
        }));
    }
    let mut times = Vec::new();
    for caller in callers {
        times.push(caller.await.unwrap());
    }
    assert_eq!(times, [0.0, 1.02, 2.04, 3.06]);
}

#[tokio::test(start_paused = true)]
async fn a_slow_process_does_not_hold_the_others_up_for_long() {
    let schedule = SharedSchedule::of_process();
    let set = Operation::SetIdentityMailFromDomain;
    let slow = RateLimiter::new(0.01, schedule.clone()).operation(set);
    let usual = RateLimiter::new(1.0, schedule).operation(set);
    let start = Instant::now();
    slow.permit().await.sent();
    usual.permit().await.sent();
    assert_eq!(seconds(start.elapsed()), 10.2);
    slow.permit().await.sent();
    assert_eq!(seconds(start.elapsed()), 102.0);
}

#[tokio::test(start_paused = true)]
async fn a_request_that_arrived_late_does_not_let_the_next_arrive_early() {
    let limiter = limiter();
    let usual = limiter.permit().await;
    usual.sent();
    sleep(Duration::from_millis(50)).await;
    usual.answered(&Ok(())).await;

    let late = limiter.permit().await;
    let start = Instant::now();
    late.sent();
    let next = tokio::spawn({
        let limiter = limiter.clone();
        async move {
            limiter.permit().await.sent();
            seconds(start.elapsed())
        }
    });
    // It took 80 ms more than usual, who knows on which way.
    sleep(Duration::from_millis(130)).await;
    late.answered(&Ok(())).await;
    assert_eq!(next.await.unwrap(), 1.1);
}

#[tokio::test(start_paused = true)]
async fn an_urgent_turn_comes_next_and_soon_and_keeps_the_distance() {
    for (rate, soon, then) in [(1.0, 1.02, 2.04), (0.1, 1.12, 11.32), (0.5, 1.12, 3.16)] {
        let limiter = RateLimiter::new(rate, SharedSchedule::of_process());
        let limiter = limiter.operation(Operation::SetIdentityMailFromDomain);
        let start = Instant::now();
        limiter.permit().await.sent();
        let mut queue = Vec::new();
        for _ in 0..3 {
            let limiter = limiter.clone();
            queue.push(tokio::spawn(async move {
                limiter.permit().await.sent();
                seconds(start.elapsed())
            }));
        }
        sleep(Duration::from_millis(50)).await;
        limiter.urgent_permit().await.sent();
        assert_eq!(seconds(start.elapsed()), soon, "at {rate}/s");
        assert_eq!(queue.remove(0).await.unwrap(), then, "at {rate}/s");
    }
}

#[tokio::test(start_paused = true)]
async fn other_processes_make_way_for_an_urgent_request() {
    for slow_answer in [50, 300, 900] {
        let schedule = SharedSchedule::of_process();
        let set = Operation::SetIdentityMailFromDomain;
        let restarting = RateLimiter::new(1.0, schedule.clone()).operation(set);
        let others: Vec<_> = (0..3)
            .map(|_| RateLimiter::new(1.0, schedule.clone()).operation(set))
            .collect();
        let start = Instant::now();
        restarting.permit().await.sent();
        let mut sent = Vec::new();
        for other in others {
            sent.push(tokio::spawn(async move {
                other.permit().await.sent();
                start.elapsed().as_secs_f64()
            }));
        }
        sleep(Duration::from_millis(slow_answer)).await;
        restarting.urgent_permit().await.sent();
        let urgent = start.elapsed().as_secs_f64();
        assert_eq!((urgent * 100.0).round(), 102.0, "after {slow_answer} ms");
        for other in sent {
            let other = other.await.unwrap();
            assert!(other - urgent >= 1.0, "{other} after {urgent}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn without_a_limit_nobody_waits() {
    let limiter = RateLimiter::new(0.0, SharedSchedule::of_process());
    let limiter = limiter.operation(Operation::SetIdentityMailFromDomain);
    let start = Instant::now();
    for _ in 0..10 {
        limiter.permit().await.sent();
    }
    assert_eq!(start.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn spacing_counts_from_the_send_and_not_from_the_turn() {
    let limiter = limiter();
    let start = Instant::now();
    let first = limiter.permit().await;
    let second = tokio::spawn({
        let limiter = limiter.clone();
        async move {
            limiter.permit().await.sent();
            seconds(start.elapsed())
        }
    });
    // Connecting takes a while.
    sleep(Duration::from_millis(300)).await;
    first.sent();
    assert_eq!(second.await.unwrap(), 1.32);
}

#[tokio::test(start_paused = true)]
async fn a_turn_that_is_not_used_costs_nothing() {
    let limiter = limiter();
    let start = Instant::now();
    drop(limiter.permit().await);
    let waiting = tokio::spawn({
        let limiter = limiter.clone();
        async move {
            limiter.permit().await.sent();
            limiter.permit().await
        }
    });
    sleep(Duration::from_millis(10)).await;
    // A caller that goes away while it waits leaves the queue.
    waiting.abort();
    limiter.permit().await.sent();
    assert_eq!(seconds(start.elapsed()), 1.02);
}

#[tokio::test(start_paused = true)]
async fn a_throttled_answer_holds_the_next_request_back() {
    for rate in [1.0, 100.0, 0.0] {
        let limiter = RateLimiter::new(rate, SharedSchedule::of_process());
        let limiter = limiter.operation(Operation::SetIdentityMailFromDomain);
        let permit = limiter.permit().await;
        permit.sent();
        let throttled = refused(Operation::SetIdentityMailFromDomain, 400, "Throttling");
        permit.answered(&Err::<(), _>(throttled)).await;
        let start = Instant::now();
        limiter.permit().await.sent();
        let waited = start.elapsed();
        assert!(waited >= Duration::from_millis(500), "{rate}: {waited:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_refused_call_keeps_its_place_and_its_timeout_begins_when_it_is_the_oldest() {
    let limiter = limiter();
    let start = Instant::now();
    let mut calls = Vec::new();
    for call in 0..4_u64 {
        let limiter = limiter.clone();
        calls.push(tokio::spawn(async move {
            let ticket = limiter.ticket();
            let stop = CancellationToken::new();
            let deadline = Deadline::queued(Duration::from_secs(60), stop);
            let mut sent = Vec::new();
            // The second call is refused three times, after 0.3 s each.
            for attempt in 0..if call == 1 { 4 } else { 1 } {
                let permit = limiter.permit_for(&ticket, &deadline).await;
                permit.sent();
                sent.push(seconds(start.elapsed()));
                if call == 1 && attempt < 3 {
                    sleep(Duration::from_millis(300)).await;
                    let operation = Operation::SetIdentityMailFromDomain;
                    permit
                        .answered::<()>(&Err(refused(operation, 500, "InternalFailure")))
                        .await;
                }
            }
            (seconds(start.elapsed() - deadline.elapsed()), sent)
        }));
        // Tickets are taken in this order.
        tokio::task::yield_now().await;
    }
    let mut begun = Vec::new();
    let mut sent = Vec::new();
    for call in calls {
        let (deadline, times) = call.await.unwrap();
        begun.push(deadline);
        sent.push(times);
    }
    let ahead_of_the_others = vec![1.02, 2.04, 3.06, 4.08];
    assert_eq!(
        sent,
        [vec![0.0], ahead_of_the_others, vec![5.1], vec![6.12]]
    );
    assert_eq!(begun, [0.0, 0.0, 4.08, 5.1]);
}

#[tokio::test(start_paused = true)]
async fn whoever_is_overtaken_waits_on_and_the_last_to_leave_gives_its_reservation_back() {
    let schedule = SharedSchedule::of_process();
    let set = Operation::SetIdentityMailFromDomain;
    let one = RateLimiter::new(1.0, schedule.clone()).operation(set);
    let other = RateLimiter::new(1.0, schedule).operation(set);
    one.permit().await.sent();
    let start = Instant::now();
    let (old, young) = (one.ticket(), one.ticket());
    let impatient = async {
        let deadline = Deadline::after(Duration::MAX, CancellationToken::new());
        let both = async {
            tokio::join!(
                one.permit_for(&young, &deadline),
                one.permit_for(&old, &deadline)
            )
        };
        tokio::time::timeout(Duration::from_millis(500), both).await
    };
    assert!(impatient.await.is_err());
    other.permit().await.sent();
    assert_eq!(seconds(start.elapsed()), 1.02);
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_is_set_holds_nobody_up() {
    let set = Operation::SetIdentityMailFromDomain;
    for step in [-3600.0, -101.0, -5.0, 5.0, 101.0, 3600.0] {
        let (schedule, clock) = (SharedSchedule::of_process(), Clock::at(1e9));
        let process = || RateLimiter::by_clock(1.0, schedule.clone(), clock.clone()).operation(set);
        let started = Instant::now();
        let mut sends = Vec::new();
        let queue = |sends: &mut Vec<_>| {
            for limiter in [process(), process()] {
                for _ in 0..3 {
                    let limiter = limiter.clone();
                    sends.push(tokio::spawn(async move {
                        limiter.permit().await.sent();
                        seconds(started.elapsed())
                    }));
                }
            }
        };
        queue(&mut sends);
        // Between the reservations and the sends of two processes, and before those of
        // two more.
        sleep(Duration::from_millis(1500)).await;
        clock.step(step);
        queue(&mut sends);
        let mut times = Vec::new();
        for send in sends {
            times.push(send.await.unwrap());
        }
        times.sort_by(f64::total_cmp);
        let last = times[11];
        assert!(last <= 11.0 * 1.02 + 3.0, "{step}: {times:?}");
        let apart = times.windows(2).map(|pair| pair[1] - pair[0]);
        // Once, a clock that went on says that the time has come.
        let close = apart.filter(|gap| *gap < 1.0).count();
        assert!(close <= 2, "{step}: {times:?}");
    }
}
