use super::*;
use crate::buffer_pool::Pool;
use mixwell_net::keys::PeerClaim;
use mixwell_sphinx::SurbId;

const QUEUE: RecipientId = RecipientId([1; 32]);

fn client(link_key: u8) -> ClientId {
    ClientId::of(&PeerClaim { ad: QUEUE.as_bytes(), link_key: &[link_key; 32] })
}

fn reply(pool: &Arc<Pool>, number: u8) -> Reply {
    Reply { recipient: QUEUE, surb_id: SurbId([number; 16]), packet: pool.take().unwrap() }
}

#[tokio::test]
async fn order_and_expiry() {
    let pool = Pool::new(10, 1);
    let boxes = Mailboxes::new(4, 3, 1, Duration::from_mins(1));
    let now = Instant::from_millis;
    assert_eq!(boxes.store(now(0), reply(&pool, 1)), Err(DropReason::Recipient));
    let (mailbox, _) = boxes.connect(QUEUE, client(1)).unwrap();
    assert!(boxes.connect(RecipientId([2; 32]), client(1)).is_err());
    for number in 1..4 {
        boxes.store(now(0), reply(&pool, number)).unwrap();
    }
    assert_eq!(boxes.store(now(0), reply(&pool, 4)), Err(DropReason::MailboxFull));
    assert_eq!(mailbox.first().await.surb_id, SurbId([1; 16]));
    let first = mailbox.first().await;
    assert!(boxes.remove_first(&mailbox, &first));
    assert!(!boxes.remove_first(&mailbox, &first));
    drop(first);
    assert_eq!(mailbox.first().await.surb_id, SurbId([2; 16]));
    assert_eq!((boxes.stored(), pool.lent()), (2, 2));
    // a minute after the client disconnected
    boxes.disconnect(QUEUE, now(1000));
    assert_eq!(boxes.expire(now(60_000)), 0);
    assert_eq!(boxes.expire(now(61_001)), 2);
    assert_eq!((boxes.stored(), pool.lent()), (0, 0));
    assert_eq!(boxes.store(now(0), reply(&pool, 1)), Err(DropReason::Recipient));
}

#[tokio::test]
async fn eviction() {
    let pool = Pool::new(10, 1);
    let boxes = Mailboxes::new(2, 2, 2, Duration::from_mins(1));
    let now = Instant::from_millis;
    let (other, third) = (RecipientId([2; 32]), RecipientId([3; 32]));
    boxes.connect(QUEUE, client(1)).unwrap();
    boxes.connect(other, client(1)).unwrap();
    assert_eq!(boxes.awaited(), 0);
    for number in 0..2 {
        assert_eq!(boxes.store(now(0), reply(&pool, number)), Ok(0));
    }
    let for_other = |number| Reply { recipient: other, ..reply(&pool, number) };
    assert_eq!(boxes.store(now(0), for_other(2)), Err(DropReason::MailboxFull), "all are connected");
    assert_eq!(boxes.awaited(), 2);
    boxes.disconnect(QUEUE, now(1));
    assert_eq!(boxes.store(now(2), for_other(2)), Ok(1));
    assert_eq!(boxes.awaited(), 1);
    assert_eq!((boxes.stored(), pool.lent()), (2, 2));
    // an empty mailbox is evicted first, though its client left later
    boxes.disconnect(other, now(3));
    let (mailbox, _) = boxes.connect(other, client(1)).unwrap();
    let first = mailbox.first().await;
    assert!(boxes.remove_first(&mailbox, &first));
    drop(first);
    boxes.disconnect(other, now(4));
    assert_eq!(boxes.connect(third, client(1)).unwrap().1, 0);
    assert_eq!((boxes.stored(), pool.lent()), (1, 1));
    assert_eq!(boxes.connect(other, client(1)).unwrap().1, 1);
    assert_eq!((boxes.stored(), pool.lent()), (0, 0));
    assert!(boxes.connect(QUEUE, client(1)).is_err(), "all are connected");
}

#[test]
fn a_queue_belongs_to_its_link_key() {
    let boxes = Mailboxes::new(4, 3, 2, Duration::from_mins(1));
    let now = Instant::from_millis;
    boxes.connect(QUEUE, client(1)).unwrap();
    assert_eq!(boxes.connect(QUEUE, client(2)).map(|_| ()), Err(MailboxError::InUse));
    boxes.connect(QUEUE, client(1)).unwrap();
    // also while its client is disconnected, until the mailbox has expired
    boxes.disconnect(QUEUE, now(0));
    boxes.disconnect(QUEUE, now(0));
    assert_eq!(boxes.connect(QUEUE, client(2)).map(|_| ()), Err(MailboxError::InUse));
    boxes.expire(now(60_001));
    assert!(boxes.connect(QUEUE, client(2)).is_ok());
}
