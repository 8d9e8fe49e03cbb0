/**
 * What an invariant says, in one sentence, for the pages that show one broken. How it is checked
 * is in `engine/lab/check`.
 */
interface Invariant {
  readonly en: string;
  readonly zh: string;
}

export const INVARIANTS: Readonly<Record<string, Invariant>> = {
  K2: {
    en: 'Below the high watermark two replicas hold the same records at the same offsets.',
    zh: '高水位以下，任意两个副本在同一位移上的记录相同。',
  },
  K3: {
    en: 'What was once committed stays committed, and no stale high watermark is acted on.',
    zh: '提交过的一直算提交过，没有人根据过时的高水位做决定。',
  },
  K4: {
    en: 'What was acknowledged with acks=all is in the log of every later leader.',
    zh: '以 acks=all 确认过的记录，在之后每一任 leader 的日志里都在。',
  },
  K7: {
    en: 'Whoever the controller may elect is counted by the leader before it commits.',
    zh: '控制器可能选中的副本，leader 提交之前都已经等过。',
  },
  K8: {
    en: 'Every running member of the ISR has all that is committed.',
    zh: 'ISR 里每个运行中的副本都有全部已提交的记录。',
  },
  K9: {
    en: 'A replica that stopped uncleanly is back in the ISR only after it caught up anew.',
    zh: '异常停机的副本，重新追上之后才能回到 ISR。',
  },
  K10: {
    en: 'A request with another leader epoch than the leader’s never succeeds.',
    zh: '请求里的 leader 纪元与 leader 的不同，就不会成功。',
  },
  K11: {
    en: 'A follower never cuts off what is committed.',
    zh: 'follower 绝不截掉已提交的记录。',
  },
  K12: {
    en: 'A consumer is given only what is below the high watermark.',
    zh: '消费者只能读到高水位以下的记录。',
  },
  K13: {
    en: 'An offset that was read once always means the same record.',
    zh: '读过一次的位移，永远指同一条记录。',
  },
  K16: {
    en: 'Compaction keeps last values and offsets, and no marker goes before its records.',
    zh: '压实保留每个键的最后一个值，位移不变；事务的消息还在，标记就还在。',
  },
  K21: {
    en: 'The log keeps the order in which a producer sent.',
    zh: '日志里的顺序就是生产者发送的顺序。',
  },
  K22: {
    en: 'Once a producer has taken over a transactional id, its predecessor writes nothing more.',
    zh: '事务 id 被新的生产者接手之后，之前的生产者再也写不进任何东西。',
  },
  K23: {
    en: 'Of a transaction a read_committed consumer sees all or nothing.',
    zh: '一个事务，read_committed 消费者要么全看到，要么都看不到。',
  },
  K24: {
    en: 'A transaction open in a partition is known to its coordinator, which ends it in its time.',
    zh: '分区里尚未结束的事务，协调者必定登记了这个分区，超时后也必定结束它。',
  },
  K25: {
    en: 'The coordinator epochs in the markers of a producer never go back.',
    zh: '同一个生产者的标记里，协调者纪元从不倒退。',
  },
  K30: {
    en: 'Only a member of the present generation of a group may commit for it.',
    zh: '只有消费组当前这一代的成员才能替它提交。',
  },
  K35: {
    en: 'A record that was accepted in a share group is not handed out again.',
    zh: '在共享组里确认接受的记录，不会再投递出去。',
  },
  K36: {
    en: 'A record of a share group is acquired by one member at a time.',
    zh: '共享组里的一条记录，同一时刻只由一个成员持有。',
  },
  K37: {
    en: 'No record is handed out more often than the share group’s limit allows.',
    zh: '共享组里一条记录的投递次数不超过上限。',
  },
};
