/**
 * All or nothing? A transfer is two records, a debit and a credit, in two partitions. Between the
 * two something happens: the producer dies or is frozen and gets a successor, the transaction's
 * coordinator dies, a partition's leader dies, or the credit never arrives.
 *
 * Behind the debit stands a record of somebody who has no transaction. It shows how long an open
 * transaction holds up a reader of committed records. `transactional.id=none` sends the same
 * records with acks=all and no transaction, which is all that there was before 0.11.
 */
import { changed, choice, experiment, prove, proveSince } from '#engine/lab/index.ts';
import type { History, Lab, Measures } from '#engine/lab/index.ts';
import { KafkaCluster } from '#engine/lab/kafka.ts';
import { isBefore, profileKnob } from '#engine/lab/kafka-profile.ts';
import { Transactions, transactionCoordination } from '#engine/lab/kafka-transactions.ts';
import { brokersStart, topicIsReady } from '../story.ts';

const TOPIC = 'accounts';
const BROKERS = 3;
const TELLERS = ['teller-1', 'teller-2'] as const;
type Teller = (typeof TELLERS)[number];
/** Sends without a transaction, into the same partition. */
const BYSTANDER = 'bystander';
const READERS = ['reader-debit', 'reader-credit'];
const TELLER_SETTINGS = {
  acks: 'all',
  'linger.ms': '0',
  retries: '2147483647',
  'request.timeout.ms': '5000',
  'delivery.timeout.ms': '20000',
};
const BROKER_SETTINGS = {
  'transaction.state.log.num.partitions': '1',
  'transaction.abort.timed.out.transaction.cleanup.interval.ms': '1000',
};
/** After the slowest: the abort of what nobody ends. Readers get all that they can in a moment. */
const WAIT_MS = 90_000;
const READ_MICROS = 2_000_000;
const FENCES = ['PRODUCER_FENCED', 'INVALID_PRODUCER_EPOCH'];

const FAULTS = [
  'none',
  'producer-crashes',
  'zombie',
  'coordinator-dies',
  'leader-dies',
  'record-lost',
] as const;
type FaultKnob = (typeof FAULTS)[number];
type Outcome = 'commit' | 'abort' | 'never-ends';

/** A transfer as one teller tried it; which of its records were sent, by their places. */
interface Attempt {
  readonly teller: Teller;
  readonly transfer: number;
  /** Of this teller's attempts, and of its records. */
  readonly place: number;
  readonly records: number[];
}

/** The story's state between steps. */
interface World {
  readonly cluster: KafkaCluster;
  /** Null where there are none. */
  readonly transactions: Transactions | null;
  readonly fault: FaultKnob;
  readonly outcome: Outcome;
  readonly create: () => void;
  readonly addTeller: (name: Teller) => void;
  readonly addReaders: () => void;
  readonly attempts: Attempt[];
  /** Partitions; both are led by others than the coordinator. */
  debit: number;
  credit: number;
  /** When the bystander's record was written, was read, and when nothing was held back. */
  writtenAt: number;
  readAt: number;
  stableAt: number;
  /** When the last step began, and how much readers had when it ended. */
  waitSince: number;
  deliveries: number;
  /** Records acknowledged while a replica of their partition was down. */
  acknowledgedShort: number;
}

const told = ({ history }: Lab, producer: string) =>
  history.sent.filter((one) => one.producer === producer && one.outcome !== 'pending').length;
const bystanders = ({ sent }: History) => sent.find(({ producer }) => producer === BYSTANDER);

/** Whether the bystander's record is written, and whether a reader was given it. */
const isWritten = ({ history }: Lab) => bystanders(history)?.outcome === 'acknowledged';
function isRead({ history }: Lab): boolean {
  const id = bystanders(history)?.id;
  return history.delivered.some((one) => one.id === id);
}

function begin({ transactions, attempts }: World, teller: Teller, transfer: number): void {
  const place = attempts.filter((one) => one.teller === teller).length;
  attempts.push({ teller, transfer, place, records: [] });
  transactions?.begin(teller);
}

function send(world: World, teller: Teller, side: 'debit' | 'credit'): void {
  const own = world.attempts.filter((one) => one.teller === teller);
  const sentBefore = own.reduce((sum, { records }) => sum + records.length, 0);
  own.at(-1)!.records.push(sentBefore);
  world.cluster.send(teller, TOPIC, 1, { partition: world[side] });
}

function end({ transactions, outcome }: World, lab: Lab, teller: Teller): void {
  if (transactions === null) return;
  if (outcome === 'abort') transactions.abort(teller);
  if (outcome !== 'commit') return;
  transactions.commit(teller);
  // What cannot be committed is aborted, as the documentation of the producer has it.
  lab.when(
    () =>
      transactions.producer(teller)?.state === 'ABORTABLE_ERROR' && isEnded(transactions, teller),
    () => transactions.abort(teller),
  );
}

const isEnded = (transactions: Transactions, teller: Teller) =>
  (transactions.answer(teller, 'commitTransaction') ?? 'NONE') !== 'NONE';

/** A successor under the same transactional.id does the transfer anew. */
function succeed(world: World, lab: Lab): void {
  const { transactions, addTeller } = world;
  const teller = 'teller-2';
  const transfer = () => {
    begin(world, teller, 2);
    send(world, teller, 'debit');
    if (world.outcome !== 'abort') send(world, teller, 'credit');
    end(world, lab, teller);
  };
  addTeller(teller);
  if (transactions === null) return transfer();
  transactions.init(teller);
  lab.when(() => transactions.answer(teller, 'initTransactions') === 'NONE', transfer);
}

const hasSuccessor = ({ fault, outcome }: World) =>
  fault === 'zombie' || (fault === 'producer-crashes' && outcome !== 'never-ends');

/** Partitions that the coordinator does not lead, so that each fault strikes one thing. */
function choosePartitions(world: World): void {
  const { cluster } = world;
  const coordinator = cluster.leaderOf('__transaction_state', 0);
  const others = [0, 1, 2].filter(
    (partition) => cluster.leaderOf(TOPIC, partition) !== coordinator,
  );
  [world.debit, world.credit] = [others[0]!, others[1]!];
  world.addReaders();
}

function strike(world: World, lab: Lab): void {
  const { cluster, fault } = world;
  const host = (leader: number | null) => cluster.brokerName(leader ?? 1);
  const leaderOf = (partition: number) => host(cluster.leaderOf(TOPIC, partition));
  if (fault === 'producer-crashes') lab.inject({ fault: 'crash', host: TELLERS[0] });
  if (fault === 'zombie') lab.inject({ fault: 'pause', host: TELLERS[0] });
  if (fault === 'coordinator-dies') {
    lab.inject({ fault: 'crash', host: host(cluster.leaderOf('__transaction_state', 0)) });
  }
  if (fault === 'leader-dies') lab.inject({ fault: 'crash', host: leaderOf(world.debit) });
  if (fault === 'record-lost') {
    lab.inject({ fault: 'isolate', host: TELLERS[0], from: [leaderOf(world.credit)] });
  }
  cluster.send(BYSTANDER, TOPIC, 1, { partition: world.debit });
  lab.when(
    () => isWritten(lab),
    () => (world.writtenAt = lab.now),
  );
  lab.when(
    () => isRead(lab),
    () => (world.readAt = lab.now),
  );
  lab.when(
    () => world.writtenAt > 0 && isStable(world),
    () => (world.stableAt = lab.now),
  );
}

function hasAllRead(world: World, lab: Lab): boolean {
  world.deliveries = lab.history.delivered.length;
  const waited = lab.now - world.waitSince >= READ_MICROS;
  return waited && world.stableAt > 0 && isStable(world) && isRead(lab);
}

const isStable = ({ transactions, debit }: World) =>
  (transactions?.stableLag(TOPIC, debit) ?? 0) === 0;

function finish(world: World, lab: Lab): void {
  if (hasSuccessor(world)) return succeed(world, lab);
  if (world.fault === 'producer-crashes') return;
  // An application that changes its mind sends no credit.
  if (world.outcome !== 'abort') send(world, TELLERS[0], 'credit');
  end(world, lab, TELLERS[0]);
}

function isFinished(world: World, lab: Lab): boolean {
  const { attempts, transactions, fault, outcome } = world;
  const { teller, transfer, records } = attempts.at(-1)!;
  if (fault === 'producer-crashes' && outcome === 'never-ends') return true;
  const toSend = outcome === 'abort' ? 1 : 2;
  if (transfer !== 2 || records.length < toSend) return false;
  if (hasSuccessor(world) && teller !== 'teller-2') return false;
  const sent = attempts.filter((one) => one.teller === teller).flatMap((one) => one.records);
  if (told(lab, teller) < sent.length) return false;
  if (transactions === null || outcome === 'never-ends') return true;
  const call = outcome === 'commit' ? 'commitTransaction' : 'abortTransaction';
  const calls = transactions.calls.filter((one) => one.producer === teller && one.call === call);
  const before = teller === 'teller-1' && outcome === 'commit' ? 1 : 0;
  return calls.length > before && transactions.isIdle(teller);
}

/** The frozen teller goes on where it stood, and knows of nothing. */
function comeBack(world: World, lab: Lab): void {
  if (world.fault !== 'zombie') return;
  lab.inject({ fault: 'resume', host: TELLERS[0] });
  world.attempts.find((one) => one.teller === 'teller-1' && one.transfer === 2)!.records.push(3);
  world.cluster.send(TELLERS[0], TOPIC, 1, { partition: world.credit });
  world.transactions?.commit(TELLERS[0]);
}

/** What the readers were given of each attempt, and how it ended. */
function judged({ attempts, transactions, deliveries }: World, { sent, delivered }: History) {
  const before = delivered.slice(0, deliveries);
  const given = before.filter(({ consumer }) => READERS.includes(consumer));
  return attempts.map(({ teller, transfer, place, records }) => {
    const ids = sent.filter(({ producer }) => producer === teller).map(({ id }) => id);
    const own = records.map((at) => ids[at]);
    const told = transactions?.history.filter(({ producer }) => producer === teller)[place];
    const read = own.map((id) => given.filter((one) => one.id === id).length);
    return { transfer, read, committed: told === undefined || told.outcome === 'committed' };
  });
}

/** -1 where it never came; a reader may have a record before its producer has the answer. */
const millisAfter = (since: number, at: number) =>
  at > 0 ? Math.max(0, Math.floor((at - since) / 1000)) : -1;

function measuresOf(world: World, history: History): Measures {
  const { transactions, writtenAt, readAt, stableAt } = world;
  const seen = judged(world, history);
  const halves = ({ read }: { read: number[] }) => read.filter((times) => times > 0).length;
  const effects = (transfer: number) =>
    seen.filter((one) => one.transfer === transfer && halves(one) > 0).length;
  const isFence = (error: string | null) => error !== null && FENCES.includes(error);
  const refused = history.sent.filter(({ error }) => isFence(error)).length;
  const calls = transactions?.calls ?? [];
  const commits = calls.filter(({ call }) => call === 'commitTransaction');
  const torn = seen.filter((one) => halves(one) === 1).length;
  const duplicated = [1, 2].filter((transfer) => effects(transfer) > 1).length;
  const aborted = seen.filter(({ committed }) => !committed);
  const abortedRead = aborted.reduce((sum, one) => sum + halves(one), 0);
  return {
    sent: history.sent.length,
    acknowledged: history.sent.filter(({ outcome }) => outcome === 'acknowledged').length,
    torn,
    duplicated,
    abortedRead,
    committed: seen.filter(({ committed }) => transactions !== null && committed).length,
    whole: seen.filter((one) => halves(one) === 2).length,
    commitFailed: commits.filter(({ error }) => error !== null && error !== 'NONE').length,
    fenced: refused + calls.filter(({ error }) => isFence(error)).length,
    // 3: half a transfer, 2: a transfer twice, 1: one that was aborted, 0: each once and whole
    worst: torn > 0 ? 3 : duplicated > 0 ? 2 : abortedRead > 0 ? 1 : 0,
    waitMs: millisAfter(writtenAt, readAt),
    heldMs: millisAfter(writtenAt, stableAt),
    acknowledgedShort: world.acknowledgedShort,
  };
}

const ID = 'transactional.id';
const LEVEL = 'isolation.level';
const TIMEOUT = 'transaction.timeout.ms';
const COMMITTED = { [LEVEL]: 'read_committed' };
const allOrNothing = (measures: Measures) =>
  measures['torn'] === 0 && measures['duplicated'] === 0 && measures['acknowledged']! > 0;

export default experiment({
  id: 'kafka-transactions',
  knobs: {
    [ID]: choice(['transfers', 'none'], 'transfers', {
      en: 'Whether the producer has transactions.',
      zh: '生产者是否使用事务。',
    }),
    [LEVEL]: choice(['read_uncommitted', 'read_committed'], 'read_uncommitted', {
      en: 'Whether consumers leave out what is not committed.',
      zh: '消费者是否跳过未提交的消息。',
    }),
    outcome: choice(['commit', 'abort', 'never-ends'], 'commit', {
      en: 'How the application ends the second transfer.',
      zh: '应用怎样结束第二笔转账。',
    }),
    fault: choice(FAULTS, 'producer-crashes', {
      en: 'What happens between debit and credit.',
      zh: '扣款之后、入账之前发生什么。',
    }),
    [TIMEOUT]: choice(['10000', '60000'], '60000', {
      en: 'After so long the coordinator aborts what nobody has ended.',
      zh: '事务多久没人结束，协调者就主动中止。',
    }),
    profile: profileKnob,
  },

  world({ knobs, lab }): World {
    const { fault, outcome, profile } = knobs;
    const isTransactional = knobs[ID] !== 'none' && !isBefore(profile, 'kafka-0.11');
    const modules = isTransactional ? transactionCoordination : [];
    const cluster = new KafkaCluster(lab, {
      ...{ brokers: BROKERS, profile, modules },
      settings: isTransactional ? BROKER_SETTINGS : {},
    });
    const transactions = isTransactional ? new Transactions(lab, cluster) : null;
    const addTeller = (name: Teller) => {
      const settings = { ...TELLER_SETTINGS, [TIMEOUT]: knobs[TIMEOUT] };
      if (transactions === null) cluster.addProducer(name, TELLER_SETTINGS);
      else transactions.addProducer(name, 'transfers', settings);
    };
    const world: World = {
      ...{ cluster, transactions, fault, outcome, addTeller, attempts: [], debit: 0, credit: 1 },
      ...{
        writtenAt: 0,
        readAt: 0,
        stableAt: 0,
        waitSince: 0,
        deliveries: 0,
        acknowledgedShort: 0,
      },
      create: () => {
        const configs = { 'min.insync.replicas': '2' };
        cluster.createTopic(TOPIC, { partitions: 3, replicationFactor: BROKERS, configs });
        cluster.addProducer(BYSTANDER, TELLER_SETTINGS);
        addTeller(TELLERS[0]);
      },
      addReaders: () => {
        const settings = { [LEVEL]: knobs[LEVEL] };
        for (const [place, name] of READERS.entries()) {
          const partition = place === 0 ? world.debit : world.credit;
          if (transactions === null) cluster.addConsumer(name, TOPIC, settings, partition);
          else transactions.addReader(name, TOPIC, settings, partition);
        }
      },
    };
    cluster.whenAcknowledged(({ topic, partition, byAll }) => {
      const down = cluster.replicasOf(topic, partition).some((id) => cluster.broker(id) === null);
      if (byAll && down) world.acknowledgedShort += 1;
    });
    return world;
  },

  steps: [
    brokersStart(3),
    topicIsReady<World>({ en: 'A topic of accounts', zh: '创建账户主题' }, ({ create }) =>
      create(),
    ),
    {
      id: 'init',
      title: { en: 'The producer gets its id', zh: '生产者拿到 id' },
      do: ({ transactions }) => transactions?.init(TELLERS[0]),
      until: ({ transactions }) =>
        transactions === null || transactions.answer(TELLERS[0], 'initTransactions') === 'NONE',
      timeLimitMs: 60_000,
    },
    {
      id: 'first',
      title: { en: 'A first transfer', zh: '第一笔转账' },
      do: (world) => {
        choosePartitions(world);
        begin(world, TELLERS[0], 1);
        send(world, TELLERS[0], 'debit');
        send(world, TELLERS[0], 'credit');
        world.transactions?.commit(TELLERS[0]);
      },
      until: ({ transactions }, lab) =>
        told(lab, TELLERS[0]) === 2 &&
        (transactions === null || transactions.answer(TELLERS[0], 'commitTransaction') === 'NONE'),
      timeLimitMs: 60_000,
    },
    {
      id: 'debit',
      title: { en: 'The debit of the second', zh: '第二笔先扣款' },
      do: (world) => {
        begin(world, TELLERS[0], 2);
        send(world, TELLERS[0], 'debit');
      },
      until: (_, lab) => told(lab, TELLERS[0]) === 3,
      timeLimitMs: 30_000,
    },
    {
      id: 'fault',
      title: { en: 'Between debit and credit', zh: '扣款之后，入账之前' },
      do: strike,
      until: (_, lab) => isWritten(lab),
      timeLimitMs: 60_000,
    },
    {
      id: 'end',
      title: { en: 'The transfer goes on', zh: '转账继续' },
      do: finish,
      until: isFinished,
      timeLimitMs: 60_000,
    },
    {
      id: 'zombie',
      title: { en: 'Who was frozen comes back', zh: '冻住的实例醒来' },
      do: comeBack,
      until: ({ fault, transactions }, lab) =>
        fault !== 'zombie' ||
        (told(lab, TELLERS[0]) === 4 && (transactions?.isIdle(TELLERS[0]) ?? true)),
      timeLimitMs: 30_000,
    },
    {
      id: 'wait',
      title: { en: 'Readers wait for the end', zh: '读者等待事务结束' },
      do: (world, lab) => (world.waitSince = lab.now),
      until: hasAllRead,
      timeLimitMs: WAIT_MS,
    },
  ],

  settle: KafkaCluster.settle(),

  measures: ({ world, history }) => measuresOf(world, history),

  proofs: {
    'acks-all-is-no-transaction': proveSince(
      '0.11',
      COMMITTED,
      (measures) => allOrNothing(measures) && measures['committed'] === 2,
      [changed(ID, 'none'), changed(LEVEL, 'read_uncommitted')],
      'fault',
    ),
    'acks-all-waits-for-the-isr': prove(
      { fault: 'leader-dies' },
      (measures) => measures['acknowledgedShort']! > 0,
      [changed('fault', 'none')],
      'fault',
    ),
    'commit-fails-when-a-record-is-missing': proveSince(
      '0.11',
      { ...COMMITTED, fault: 'record-lost' },
      (measures) =>
        allOrNothing(measures) && measures['commitFailed'] === 1 && measures['committed'] === 1,
      [changed(ID, 'none'), changed('fault', 'none')],
      'end',
    ),
    'aborted-records-are-read-by-default': prove(
      { fault: 'none', outcome: 'abort' },
      (measures) => measures['abortedRead']! > 0,
      [changed(LEVEL, 'read_committed'), changed('outcome', 'commit')],
      'end',
    ),
    'an-open-transaction-holds-up-readers': prove(
      { ...COMMITTED, fault: 'none', outcome: 'never-ends' },
      (measures) => measures['waitMs']! > 50_000,
      [changed(LEVEL, 'read_uncommitted'), changed('outcome', 'commit'), changed(TIMEOUT, '10000')],
      'wait',
    ),
    'the-coordinator-aborts-what-nobody-ends': prove(
      { ...COMMITTED, outcome: 'never-ends', [TIMEOUT]: '10000' },
      (measures) =>
        allOrNothing(measures) && measures['heldMs']! > 5_000 && measures['heldMs']! < 15_000,
      [changed(TIMEOUT, '60000'), changed('outcome', 'commit')],
      'wait',
    ),
    'a-zombie-is-fenced': prove(
      { ...COMMITTED, fault: 'zombie' },
      (measures) => allOrNothing(measures) && measures['fenced']! > 0,
      [changed(ID, 'none'), changed('fault', 'producer-crashes')],
      'zombie',
    ),
    'another-coordinator-goes-on': prove(
      { ...COMMITTED, fault: 'coordinator-dies' },
      (measures) => measures['committed'] === 2 && measures['heldMs']! > 50,
      [changed('fault', 'none'), changed('outcome', 'abort')],
      'end',
    ),
  },
});
